"""An HDMI grabber or a USB camera of this machine, with its sound."""

from enum import StrEnum

from pydantic import Field, field_validator

from regie.protocols.source.kind import LaunchContext, SourceKind, SourceOptions, quoted


class Format(StrEnum):
    AUTO = "auto"
    H264 = "H264"
    MJPEG = "MJPEG"
    RAW = "raw"


_CAPS = {Format.H264: "video/x-h264", Format.MJPEG: "image/jpeg", Format.RAW: "video/x-raw"}


class V4l2Options(SourceOptions):
    """Which device, and what to ask it for."""

    device: str = Field(
        title="Device",
        description="The grabber or camera",
        examples=["/dev/video0"],
        pattern=r"^/dev/video[0-9]{1,3}$",
        json_schema_extra={"device": "video"},
    )
    audio_device: str | None = Field(
        None,
        title="Sound",
        description="The ALSA device of its sound; empty for none",
        examples=["hw:1,0"],
        pattern=r"^(hw|plughw):[A-Za-z0-9_]{1,32}(,[0-9]{1,2})?$",
        json_schema_extra={"device": "audio"},
    )
    format: Format = Field(
        Format.AUTO,
        title="Format",
        description="auto takes what the device prefers",
        json_schema_extra={"advanced": True},
    )
    width: int | None = Field(None, title="Width", ge=160, le=7680, json_schema_extra={"advanced": True})
    height: int | None = Field(None, title="Height", ge=120, le=4320, json_schema_extra={"advanced": True})
    fps: int | None = Field(
        None, title="Frames per second", ge=1, le=120, json_schema_extra={"advanced": True}
    )

    @field_validator("audio_device", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None


def launch(options: V4l2Options, _: LaunchContext) -> str:
    size = "".join(
        f",{name}={value}"
        for name, value in (("width", options.width), ("height", options.height))
        if value is not None
    )
    rate = f",framerate={options.fps}/1" if options.fps else ""
    formats = _CAPS.values() if options.format is Format.AUTO else (_CAPS[options.format],)
    caps = ";".join(f"{media}{size}{rate}" for media in formats)
    text = f'v4l2src name=camera device={quoted(options.device)} ! capsfilter name=media_video caps="{caps}"'
    if options.audio_device is not None:
        text += (
            f" alsasrc name=sound device={quoted(options.audio_device)} provide-clock=false "
            "buffer-time=80000 latency-time=10000 ! capsfilter name=media_audio caps=audio/x-raw"
        )
    return text


KIND = SourceKind(
    kind="v4l2",
    title="Camera or HDMI grabber",
    summary="A capture device of this machine: HDMI grabber or USB camera",
    schemes=(),
    options=V4l2Options,
    launch=launch,
    target=lambda options: options.device,
)
