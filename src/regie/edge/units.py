"""A path's encoded units as all its viewers get them, and the group of pictures a new one starts with."""

import secrets
from dataclasses import dataclass, field

import libdatachannel as rtc

from regie.edge.h264 import H264Payloader, Packets
from regie.edge.rtp import AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ, rtp_packet, ticks_from_ns
from regie.hub.wire import Unit

MAX_BURST_UNITS = 300
MAX_BURST_BYTES = 4 * 1024 * 1024
BURST_STEP_TICKS = VIDEO_CLOCK_HZ // 1000  # what lies before the live edge is compressed to 1 ms a picture


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """One access unit, cut into payloads; `info` carries its RTP timestamp into the library."""

    packets: Packets
    timestamp: int
    info: rtc.FrameInfo
    pts_ns: int
    is_keyframe: bool


class VideoStream:
    """Turns hub units into video units; remembers those since the newest keyframe."""

    def __init__(self) -> None:
        self.ssrc = 1 + secrets.randbelow(0xFFFFFFFE)
        self.payloader = H264Payloader()
        self._base = secrets.randbits(31)
        self._last = 0
        self._group: list[VideoUnit] = []
        self._group_bytes = 0

    def next(self, unit: Unit) -> VideoUnit:
        packets = self.payloader.packets(unit.data)
        self._last = max(self._last + 1, self.timestamp_at(unit.pts_ns))
        made = VideoUnit(packets, self._last, info_at(self._last), unit.pts_ns, unit.is_keyframe)
        self._remember(made)
        return made

    def timestamp_at(self, running_ns: int) -> int:
        return self._base + ticks_from_ns(running_ns, VIDEO_CLOCK_HZ)

    def burst(self) -> list[VideoUnit]:
        """The units since the newest keyframe, their timestamps drawn together to end at the live edge.

        A browser then shows the newest picture as soon as it has decoded them, instead of taking the age of
        the first one for network delay and keeping it as its buffer.
        """
        return [
            VideoUnit(
                unit.packets,
                stamp := self._last - (len(self._group) - 1 - index) * BURST_STEP_TICKS,
                info_at(stamp),
                unit.pts_ns,
                unit.is_keyframe,
            )
            for index, unit in enumerate(self._group)
        ]

    @property
    def newest_pts_ns(self) -> int | None:
        return self._group[-1].pts_ns if self._group else None

    def _remember(self, unit: VideoUnit) -> None:
        if unit.is_keyframe:
            self._group, self._group_bytes = [], 0
        elif not self._group:
            return  # what cannot be decoded from its beginning is of no use to a new viewer
        self._group.append(unit)
        self._group_bytes += unit.packets.size
        if len(self._group) > MAX_BURST_UNITS or self._group_bytes > MAX_BURST_BYTES:
            self._group, self._group_bytes = [], 0


def info_at(timestamp: int) -> rtc.FrameInfo:
    return rtc.FrameInfo(timestamp & 0xFFFFFFFF)


@dataclass
class AudioStream:
    """Turns hub units into RTP packets.

    All viewers share sequence and SSRC, as their keys differ: a packet is written once for each payload type
    in use, not once for each viewer.
    """

    ssrc: int = field(default_factory=lambda: 1 + secrets.randbelow(0xFFFFFFFE))
    packets: int = 0
    octets: int = 0
    _base: int = field(default_factory=lambda: secrets.randbits(31))
    _sequence: int = field(default_factory=lambda: secrets.randbits(15))
    _last: int = 0

    def timestamp_at(self, running_ns: int) -> int:
        return self._base + ticks_from_ns(running_ns, AUDIO_CLOCK_HZ)

    def next(self, unit: Unit) -> "AudioUnit":
        self._sequence += 1
        self._last = max(self._last + 1, self.timestamp_at(unit.pts_ns))
        self.packets += 1
        self.octets += len(unit.data)
        return AudioUnit(unit.data, self._sequence, self._last, self.ssrc)


@dataclass(slots=True)
class AudioUnit:
    payload: bytes
    sequence: int
    timestamp: int
    ssrc: int
    _made: dict[int, bytes] = field(default_factory=dict)

    def packet(self, payload_type: int) -> bytes:
        packet = self._made.get(payload_type)
        if packet is None:
            packet = self._made[payload_type] = rtp_packet(
                self.payload,
                payload_type=payload_type,
                sequence=self.sequence,
                timestamp=self.timestamp,
                ssrc=self.ssrc,
            )
        return packet
