"""Plain RTP on UDP ports, as encoders and some cameras send it without any session protocol."""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from pydantic import Field, IPvAnyAddress, PrivateAttr, ValidationInfo, field_validator, model_validator

from regie.protocols.source.file import confined_file
from regie.protocols.source.kind import LaunchContext, SourceKind, SourceOptions, UdpSocket
from regie.protocols.source.sdp import MAX_BYTES, RtpStream, streams_from_sdp


class VideoCodec(StrEnum):
    H264 = "h264"
    H265 = "h265"
    JPEG = "jpeg"


class AudioCodec(StrEnum):
    OPUS = "opus"
    G711_A = "g711-a"
    G711_MU = "g711-mu"


_AUDIO = {  # encoding, clock rate, channels, usual payload type
    AudioCodec.OPUS: ("OPUS", 48000, 2, 97),
    AudioCodec.G711_A: ("PCMA", 8000, 1, 8),
    AudioCodec.G711_MU: ("PCMU", 8000, 1, 0),
}


class RtpOptions(SourceOptions):
    """What arrives where. An SDP file says it all; without one, ports and codecs do."""

    video_port: int | None = Field(None, title="Video port", ge=1024, le=65534, examples=[5004])
    video_codec: VideoCodec = Field(VideoCodec.H264, title="Video codec")
    video_payload: int = Field(
        96, title="Video payload type", ge=0, le=127, json_schema_extra={"advanced": True}
    )
    audio_port: int | None = Field(None, title="Audio port", ge=1024, le=65534, examples=[5006])
    audio_codec: AudioCodec = Field(AudioCodec.OPUS, title="Audio codec", description="AAC needs an SDP file")
    audio_payload: int | None = Field(
        None,
        title="Audio payload type",
        description="Empty for the usual one",
        ge=0,
        le=127,
        json_schema_extra={"advanced": True},
    )
    sdp_file: str | None = Field(
        None,
        title="SDP file",
        description="A .sdp file in the media directory; it then sets ports and codecs",
        examples=["camera.sdp"],
        max_length=500,
        json_schema_extra={"file": True, "advanced": True},
    )
    sender: IPvAnyAddress | None = Field(
        None, title="Sender", description="Only packets from this address are taken", examples=["192.0.2.7"]
    )
    listen: IPvAnyAddress = Field(
        IPv4Address("0.0.0.0"),  # noqa: S104  cameras send to any interface unless told otherwise
        title="Listen on",
        description="The address of this machine the packets are sent to",
        json_schema_extra={"advanced": True},
    )
    latency_ms: int = Field(100, title="Jitter buffer", ge=0, le=5000, json_schema_extra={"advanced": True})
    _streams: tuple[RtpStream, ...] = PrivateAttr(())

    @field_validator("sender", "sdp_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _something_arrives(self, info: ValidationInfo) -> Self:
        if self.sdp_file is not None:
            media_dir = Path((info.context or {}).get("media_dir", "."))
            self._streams = tuple(streams_from_sdp(_text_of(self.sdp_file, media_dir)))
        else:
            self._streams = tuple(_streams_from_options(self))
        if not self._streams:
            raise ValueError("give a video port, an audio port or an SDP file")
        ports = [port for stream in self._streams for port in (stream.port, stream.port + 1)]
        if len(set(ports)) != len(ports):
            raise ValueError("video and audio need ports of their own: leave a free port after each")
        if self.sender is not None and self.sender.version != self.listen.version:
            raise ValueError("sender and listening address must both be IPv4 or both IPv6")
        return self

    @property
    def streams(self) -> tuple[RtpStream, ...]:
        return self._streams


def _text_of(sdp_file: str, media_dir: Path) -> str:
    if not sdp_file.lower().endswith(".sdp"):
        raise ValueError("an SDP file's name ends in .sdp")
    file = confined_file(sdp_file, media_dir)
    if not file.is_file():
        raise ValueError(f"there is no file {sdp_file} in the media directory")
    try:
        return file.read_bytes()[:MAX_BYTES].decode(errors="replace")
    except OSError as error:
        raise ValueError(f"the file {sdp_file} cannot be read: {error.strerror}") from error


def _streams_from_options(options: RtpOptions) -> list[RtpStream]:
    streams = []
    if options.video_port is not None:
        encoding = options.video_codec.value.upper()
        streams.append(RtpStream("video", options.video_port, options.video_payload, encoding, 90000))
    if options.audio_port is not None:
        encoding, clock_rate, channels, usual = _AUDIO[options.audio_codec]
        payload = usual if options.audio_payload is None else options.audio_payload
        streams.append(RtpStream("audio", options.audio_port, payload, encoding, clock_rate, channels))
    return streams


def launch(options: RtpOptions, _: LaunchContext) -> str:
    """One session per stream, so that the sender's reports keep sound and picture together."""
    text = [f"rtpbin name=media latency={options.latency_ms} max-streams=4"]
    for index, stream in enumerate(options.streams):
        text.append(
            f"udpsrc name=rtp{index} caps={stream.caps} ! media.recv_rtp_sink_{index} "
            f"udpsrc name=rtcp{index} ! media.recv_rtcp_sink_{index}"
        )
    return " ".join(text)


def sockets(options: RtpOptions) -> Mapping[str, UdpSocket]:
    host = str(options.listen)
    out = {}
    for index, stream in enumerate(options.streams):
        out[f"rtp{index}"] = UdpSocket(host, stream.port, options.sender)
        out[f"rtcp{index}"] = UdpSocket(host, stream.port + 1, options.sender)
    return out


def waits_for(options: RtpOptions) -> str:
    ports = " and ".join(str(stream.port) for stream in options.streams)
    sender = f" from {options.sender}" if options.sender else ""
    return f"RTP packets on port {ports}{sender}"


KIND = SourceKind(
    kind="rtp",
    title="RTP",
    summary="Plain RTP that a camera or encoder sends to a UDP port of this machine",
    schemes=(),
    options=RtpOptions,
    launch=launch,
    target=waits_for,
    waits_for=waits_for,
    sockets=sockets,
)
