"""The RTP streams an SDP file describes (RFC 8866): what a receiver needs, and nothing that could do harm."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_BYTES = 64 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9.+_-]{1,40}")
_VALUE = re.compile(r"[A-Za-z0-9+/=,.;:_-]{1,4000}")
_STATIC = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1), 26: ("JPEG", 90000, 1), 33: ("MP2T", 90000, 1)}


@dataclass(frozen=True)
class RtpStream:
    """One RTP stream, described as GStreamer's caps do."""

    media: str  # video or audio
    port: int
    payload: int
    encoding: str
    clock_rate: int
    channels: int = 1
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def caps(self) -> str:
        parts = [
            "application/x-rtp",
            f"media=(string){self.media}",
            f"payload=(int){self.payload}",
            f"clock-rate=(int){self.clock_rate}",
            f"encoding-name=(string){self.encoding.upper()}",
        ]
        if self.media == "audio" and self.channels > 1:
            parts.append(f"encoding-params=(string){self.channels}")
        parts += [f'{name}=(string)\\"{value}\\"' for name, value in sorted(self.parameters.items())]
        return f'"{",".join(parts)}"'


def streams_from_sdp(text: str) -> list[RtpStream]:
    """The first video and the first audio stream; ValueError when there is none."""
    streams: dict[str, RtpStream] = {}
    for section in re.split(r"^m=", text.replace("\r\n", "\n"), flags=re.MULTILINE)[1:]:
        stream = _stream(section.splitlines())
        if stream is not None:
            streams.setdefault(stream.media, stream)
    if not streams:
        raise ValueError("describes no video or audio over RTP")
    return list(streams.values())


def _stream(lines: list[str]) -> RtpStream | None:
    media, _, rest = lines[0].partition(" ")
    words = rest.split()
    if media not in ("video", "audio") or len(words) < 3 or not words[1].startswith("RTP/AVP"):
        return None
    port, payload = words[0].partition("/")[0], words[2]
    if not port.isdigit() or not 0 < int(port) < 65535 or not payload.isdigit() or int(payload) > 127:
        return None
    encoding, clock_rate, channels = _rtpmap(lines, int(payload))
    if not encoding:
        return None
    return RtpStream(
        media, int(port), int(payload), encoding, clock_rate, channels, _fmtp(lines, int(payload))
    )


def _rtpmap(lines: list[str], payload: int) -> tuple[str, int, int]:
    for line in lines:
        if line.startswith(f"a=rtpmap:{payload} "):
            encoding, _, rest = line.partition(" ")[2].strip().partition("/")
            clock_rate, _, channels = rest.partition("/")
            if _TOKEN.fullmatch(encoding) and clock_rate.isdigit():
                return encoding, int(clock_rate), int(channels) if channels.isdigit() else 1
    return _STATIC.get(payload, ("", 0, 1))


def _fmtp(lines: list[str], payload: int) -> dict[str, str]:
    parameters = {}
    for line in lines:
        if line.startswith(f"a=fmtp:{payload} "):
            for part in line.partition(" ")[2].split(";"):
                name, _, value = part.strip().partition("=")
                if _TOKEN.fullmatch(name) and _VALUE.fullmatch(value):
                    parameters[name.lower()] = value
    return parameters
