"""RTCP from viewers (RFC 3550, 4585, 5104), read with the suspicion due to what comes from the network."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LOST_PER_PACKET = 512  # sequence numbers one RTCP packet may ask for again

_SENDER_REPORT, _RECEIVER_REPORT, _TRANSPORT_FEEDBACK, _PAYLOAD_FEEDBACK = 200, 201, 205, 206
_NACK, _PLI, _FIR = 1, 1, 4
_BLOCK = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    ssrc: int
    fraction_lost: float
    lost: int
    jitter: int  # in ticks of the stream's clock
    last_report: int  # the middle 32 bits of the NTP time of the last sender report; 0 if none came
    since_last_report: int  # in 1/65536 s


@dataclass(frozen=True, slots=True)
class Nack:
    ssrc: int
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    ssrc: int


type Feedback = ReceptionReport | Nack | KeyframeWanted


def feedback_from_rtcp(data: bytes) -> list[Feedback]:
    """What a compound packet says; whatever is malformed or unknown is passed over."""
    out: list[Feedback] = []
    for count, kind, body in _packets(data):
        if kind == _RECEIVER_REPORT:
            out += _reports(body[4:], count)
        elif kind == _SENDER_REPORT:
            out += _reports(body[24:], count)
        elif kind == _TRANSPORT_FEEDBACK and count == _NACK and len(body) >= 12:
            out.append(_nack(body))
        elif kind == _PAYLOAD_FEEDBACK:
            out += _keyframe_wanted(body, count)
    return out


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position + 4 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, position)
        end = position + 4 + words * 4
        if first >> 6 != 2 or end > len(data):
            return
        yield first & 0x1F, kind, data[position + 4 : end]
        position = end


def _reports(blocks: bytes, count: int) -> Iterator[ReceptionReport]:
    for ssrc, loss, _, jitter, last, since in _BLOCK.iter_unpack(
        blocks[: min(count, len(blocks) // 24) * 24]
    ):
        lost = loss & 0xFFFFFF
        yield ReceptionReport(
            ssrc, (loss >> 24) / 256, lost - (1 << 24 if lost & 0x800000 else 0), jitter, last, since
        )


def _nack(body: bytes) -> Nack:
    lost: list[int] = []
    for first, mask in struct.iter_unpack("!HH", body[8 : 8 + (len(body) - 8) // 4 * 4]):
        lost.append(first)
        lost += [(first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
        if len(lost) >= MAX_LOST_PER_PACKET:
            break
    return Nack(int.from_bytes(body[4:8]), tuple(lost[:MAX_LOST_PER_PACKET]))


def _keyframe_wanted(body: bytes, kind: int) -> Iterator[KeyframeWanted]:
    if kind == _PLI and len(body) >= 8:
        yield KeyframeWanted(int.from_bytes(body[4:8]))
    elif kind == _FIR and len(body) >= 16:
        yield KeyframeWanted(int.from_bytes(body[8:12]))


def round_trip_ms(report: ReceptionReport, arrived_ntp: int) -> float | None:
    """From the report's echo of our sender report (RFC 3550, 6.4.1); None when it cannot be true."""
    if not report.last_report:
        return None
    trip = ((arrived_ntp >> 16) - report.last_report - report.since_last_report) & 0xFFFFFFFF
    return trip * 1000 / 65536 if trip < 30 << 16 else 0.0 if trip > 0xFFFF0000 else None
