"""What crosses a hub socket: GStreamer Data Protocol 1.0, read without GStreamer.

gdppay writes a 62-byte big-endian header before each payload: version, flags, type, length, PTS, duration,
offsets, buffer flags and DTS. See gst-plugins-bad, gst/gdp/dataprotocol.c for the layout.
"""

import struct
from dataclasses import dataclass

from regie.domain.errors import Invalid

HEADER_BYTES = 62
MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
KEYFRAME_REQUEST = b"K"  # what a reader writes back on its socket to ask for a keyframe

_HEADER = struct.Struct(">BBBxHIQQQQHQ")
_NONE = 2**64 - 1
_TYPE_BUFFER = 1
_TYPE_CAPS = 2
_FLAG_DISCONT = 1 << 6
_FLAG_DELTA_UNIT = 1 << 13


@dataclass(frozen=True, slots=True)
class Header:
    """What the 62 bytes before a payload say."""

    type: int
    length: int
    pts_ns: int
    dts_ns: int
    duration_ns: int
    flags: int

    @property
    def is_unit(self) -> bool:
        return self.type == _TYPE_BUFFER and self.length > 0

    @property
    def is_keyframe(self) -> bool:
        return self.is_unit and not self.flags & _FLAG_DELTA_UNIT


def header_from_bytes(data: bytes | bytearray, position: int = 0) -> Header:
    major, _, _, kind, length, pts, duration, _, _, flags, dts = _HEADER.unpack_from(data, position)
    if major != 1 or length > MAX_PAYLOAD_BYTES:
        raise Invalid("what comes from the hub is not GDP 1.0")
    pts = pts if pts != _NONE else 0
    return Header(
        kind, length, pts, dts if dts != _NONE else pts, duration if duration != _NONE else 0, flags
    )


@dataclass(frozen=True, slots=True)
class Caps:
    """The format of what follows, as GStreamer writes it."""

    text: str

    def field(self, name: str) -> str | None:
        """A field's value without its type, e.g. "1280" for width=(int)1280."""
        for part in self.text.split(", "):
            key, _, value = part.partition("=")
            if key.strip() == name:
                return value.partition(")")[2].strip('"; ') if value.startswith("(") else value.strip('"; ')
        return None


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded access unit; times are running times, the same instant in every process."""

    data: bytes
    pts_ns: int
    dts_ns: int
    duration_ns: int
    is_keyframe: bool
    is_discont: bool


class WireParser:
    """Bytes in, caps and units out; keeps what is incomplete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Caps | Unit]:
        self._buffer += data
        out: list[Caps | Unit] = []
        position = 0
        while len(self._buffer) - position >= HEADER_BYTES:
            header = header_from_bytes(self._buffer, position)
            start, position_after = position + HEADER_BYTES, position + HEADER_BYTES + header.length
            if len(self._buffer) < position_after:
                break
            if (item := _item(header, self._buffer[start:position_after])) is not None:
                out.append(item)
            position = position_after
        del self._buffer[:position]
        return out


def _item(header: Header, payload: bytearray) -> Caps | Unit | None:
    if header.type == _TYPE_CAPS:
        return Caps(payload.rstrip(b"\0").decode())
    if not header.is_unit:
        return None  # events: the segment starts at zero by construction, the rest does not matter here
    return Unit(
        data=bytes(payload),
        pts_ns=header.pts_ns,
        dts_ns=header.dts_ns,
        duration_ns=header.duration_ns,
        is_keyframe=header.is_keyframe,
        is_discont=bool(header.flags & _FLAG_DISCONT),
    )
