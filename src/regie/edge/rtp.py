"""RTP and RTCP as the edge writes them itself (RFC 3550): audio packets, retransmissions, sender reports."""

import struct
import time

from regie.hub.clock import now_ns

VIDEO_CLOCK_HZ = 90_000
AUDIO_CLOCK_HZ = 48_000

_HEADER = struct.Struct("!BBHII")
_SENDER_REPORT = struct.Struct("!BBHIQIII")
_NTP_EPOCH_S = 2_208_988_800  # 1900 to 1970

# The wall clock at running time zero, taken once: sender reports must not jump when the clock is set.
_WALL_AT_ZERO_NS = time.time_ns() - now_ns()


def ticks_from_ns(running_ns: int, clock_hz: int) -> int:
    return running_ns * clock_hz // 1_000_000_000


def ntp_from_running(running_ns: int) -> int:
    """The 64-bit NTP timestamp of a running time, by one function for every stream: lip-sync is exact."""
    seconds, rest = divmod(_WALL_AT_ZERO_NS + running_ns, 1_000_000_000)
    return (seconds + _NTP_EPOCH_S) << 32 | (rest << 32) // 1_000_000_000


def rtp_packet(
    payload: bytes,
    *,
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    marker: bool = False,
    extension: bytes = b"",
) -> bytes:
    """`extension` is the whole header extension, made by `playout_delay_extension`."""
    first = 0x90 if extension else 0x80
    second = payload_type | (0x80 if marker else 0)
    return _HEADER.pack(first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + extension + payload


def playout_delay_extension(extension_id: int) -> bytes:
    """Minimum and maximum playout delay of zero, as a header extension; nothing when not negotiated."""
    return b"\xbe\xde\0\1" + bytes([extension_id << 4 | 2, 0, 0, 0]) if extension_id else b""


def sender_report(
    *, ssrc: int, running_ns: int, rtp_timestamp: int, packets: int, octets: int, cname: bytes
) -> bytes:
    """A compound of SR and SDES: this running time is this RTP timestamp."""
    report = _SENDER_REPORT.pack(
        0x80,
        200,
        6,
        ssrc,
        ntp_from_running(running_ns),
        rtp_timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    item = struct.pack("!IBB", ssrc, 1, len(cname)) + cname
    item += b"\0" * (4 - len(item) % 4)
    return report + struct.pack("!BBH", 0x81, 202, len(item) // 4) + item


def goodbye(*ssrcs: int) -> bytes:
    """BYE (RFC 3550, 6.6): these streams end."""
    return struct.pack(f"!BBH{len(ssrcs)}I", 0x80 | len(ssrcs), 203, len(ssrcs), *ssrcs)
