"""A media file of the media directory, looped without a gap."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from regie.protocols.source.kind import LaunchContext, SourceKind, SourceOptions, quoted

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".mts", ".m2ts")


class FileOptions(SourceOptions):
    """Which file."""

    path: str = Field(
        title="File",
        description="A video file in the media directory: MP4, MOV, MKV or MPEG-TS",
        examples=["welcome.mp4"],
        min_length=1,
        max_length=500,
        json_schema_extra={"file": True},
    )

    @field_validator("path")
    @classmethod
    def _confined(cls, value: str, info: ValidationInfo) -> str:
        if Path(value).suffix.lower() not in SUFFIXES:
            raise ValueError(f"is not a video file; these are: {', '.join(SUFFIXES)}")
        confined_file(value, Path((info.context or {}).get("media_dir", ".")))
        return value


def confined_file(path: str, media_dir: Path) -> Path:
    """The real file behind a path, if it is inside the media directory, links followed."""
    root = media_dir.resolve()
    try:
        file = (root / path).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError("is no path") from error
    if not file.is_relative_to(root) or file == root:
        raise ValueError("leads out of the media directory")
    return file


def launch(options: FileOptions, context: LaunchContext) -> str:
    file = confined_file(options.path, context.media_dir)
    return f"filesrc location={quoted(str(file))} ! parsebin name=media"


KIND = SourceKind(
    kind="file",
    title="File",
    summary="A video file of the media directory, played over and over without a gap",
    schemes=(),
    options=FileOptions,
    launch=launch,
    target=lambda options: options.path,
    is_file=True,
)
