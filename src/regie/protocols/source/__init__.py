"""The kinds of source: one file each. Adding one is adding a file and its name in NAMES.

A kind is imported when it is asked for: a worker has one, and no use for the others.
"""

from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from regie.domain.errors import Invalid
from regie.domain.redact import MASK, redact
from regie.domain.workers import Json
from regie.protocols.source.kind import LaunchContext, SourceKind, SourceOptions

__all__ = [
    "NAMES",
    "LaunchContext",
    "SourceKind",
    "SourceOptions",
    "all_kinds",
    "checked_options",
    "merged_options",
    "public_options",
    "source_kind",
]

NAMES = ("test", "file", "rtsp", "rtp", "srt", "v4l2")


def all_kinds() -> list[SourceKind]:
    return [source_kind(name) for name in NAMES]


def source_kind(name: str) -> SourceKind:
    if name not in NAMES:
        raise Invalid(f"there is no source kind {name[:40]!r}", f"the kinds are {', '.join(NAMES)}")
    kind: SourceKind = import_module(f"{__name__}.{name}").KIND
    return kind


def checked_options(kind: str, options: Json, media_dir: Path) -> SourceOptions:
    """The options, complete and valid; or Invalid, whose facts name each wrong field."""
    try:
        return source_kind(kind).options.model_validate(options, context={"media_dir": media_dir})
    except ValidationError as error:
        errors = [
            {
                "field": ".".join(str(part) for part in fault["loc"]) or "options",
                "message": fault["msg"].removeprefix("Value error, "),
            }
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        said = "; ".join(f"{fault['field']}: {fault['message']}" for fault in errors)
        raise Invalid(f"the options of this {kind} source are not right: {said}", errors=errors) from None


def public_options(kind: str, options: Json) -> Json:
    """The options as anyone may see them: secrets masked, in URLs too."""
    secrets = _secret_fields(kind)
    return {
        name: (MASK if value else value)
        if name in secrets
        else redact(value)
        if isinstance(value, str)
        else value
        for name, value in options.items()
    }


def merged_options(kind: str, old: Json, new: Json) -> Json:
    """New options in which a masked secret that was sent back means the old one.

    A secret goes only where it went before: with another address it has to be entered again, or whoever may
    edit a source could have its password sent to a machine of their own.
    """
    masked_old = public_options(kind, old)
    merged = dict(new)
    for name, value in new.items():
        if not (isinstance(value, str) and MASK in value):
            continue
        if masked_old.get(name) != value or _server(old) != _server(new):
            message = "the address changed: enter the password again"
            raise Invalid(message, errors=[{"field": name, "message": message}])
        merged[name] = old[name]
    return merged


def _server(options: Json) -> tuple[str, str]:
    """Where a source's secrets go: the scheme and machine of its address, with its port."""
    parts = urlsplit(str(options.get("url") or ""))
    return parts.scheme, parts.netloc.rpartition("@")[2]


def _secret_fields(kind: str) -> frozenset[str]:
    fields = source_kind(kind).options.model_fields.items()
    return frozenset(name for name, field in fields if "SecretStr" in str(field.annotation))
