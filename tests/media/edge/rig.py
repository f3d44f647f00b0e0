"""What the edge's tests stand on: a real receiver that shows every packet it got."""

import contextlib
import fractions
import re
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import av
import libdatachannel as rtc

from regie.domain.strip import read_strip
from regie.domain.workers import Json
from tests.media.edge.line import LossyLine
from tests.support.wait import until
from tests.support.worker import Worker

OPUS, H264 = 111, 102


def stats_of(edge: Worker, session: str) -> Json:
    """A viewer's statistics; empty when the edge does not have it any more."""
    viewers: list[Json] = edge.call("stats")["viewers"]
    return next((each for each in viewers if each["session"] == session), {})


@dataclass(frozen=True)
class Packet:
    """One RTP packet as received."""

    sequence: int
    timestamp: int
    marker: bool
    ssrc: int
    payload: bytes
    at: float
    has_extension: bool


@dataclass(frozen=True)
class SenderReport:
    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    at: float


@dataclass
class Track:
    native: Any
    packets: list[Packet] = field(default_factory=list)
    reports: list[SenderReport] = field(default_factory=list)
    goodbyes: int = 0

    def has(self, packets: int) -> Callable[[], bool]:
        """A condition: more than so many packets came."""
        return lambda: len(self.packets) > packets

    def take(self, data: bytes) -> None:
        if 192 <= data[1] <= 223:
            self._take_rtcp(data)
            return
        first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
        start = 12
        if first & 0x10:
            start += 4 + 4 * int.from_bytes(data[14:16])
        self.packets.append(
            Packet(
                sequence,
                timestamp,
                bool(second & 0x80),
                ssrc,
                data[start:],
                time.monotonic(),
                bool(first & 0x10),
            )
        )

    def _take_rtcp(self, data: bytes) -> None:
        if data[1] == 203:
            self.goodbyes += 1
        elif data[1] == 200:
            _, _, _, ssrc, ntp, timestamp, packets, _ = struct.unpack_from("!BBHIQIII", data)
            self.reports.append(SenderReport(ssrc, ntp, timestamp, packets, time.monotonic()))


class Receiver:
    """A WHEP viewer of libdatachannel: it keeps what arrives, and reports only when it is told to."""

    def __init__(self, *, video: bool = True, audio: bool = True, lose: set[int] | None = None) -> None:
        configuration = rtc.Configuration()
        configuration.bind_address = "127.0.0.1"
        self._pc = rtc.PeerConnection(configuration)
        self._video = (
            self._add(rtc.Description.Video("v", rtc.Description.Direction.RecvOnly)) if video else None
        )
        self._audio = (
            self._add(rtc.Description.Audio("a", rtc.Description.Direction.RecvOnly)) if audio else None
        )
        self.session = ""
        self.etag = ""
        self.answer = ""
        self.reports = True
        self.line = LossyLine(lose) if lose else None
        self.connected_at = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    @property
    def video(self) -> Track:
        assert self._video is not None
        return self._video

    @property
    def audio(self) -> Track:
        assert self._audio is not None
        return self._audio

    def _add(self, media: Any) -> Track:
        if isinstance(media, rtc.Description.Video):
            media.add_h264_codec(H264)
        else:
            media.add_opus_codec(OPUS)
        return Track(self._pc.add_track(media))

    def offer(self) -> str:
        self._pc.set_local_description()
        until(lambda: self._pc.gathering_state() == rtc.PeerConnection.GatheringState.Complete)
        return str(self._pc.local_description())

    def connect(self, edge: Worker, path: str, *, change: tuple[str, str] = ("", "")) -> "Receiver":
        sdp = self.offer().replace(*change) if change[0] else self.offer()
        if (
            self.line
        ):  # without candidates of its own, the edge answers where it was asked from: over the line
            sdp = re.sub(r"a=candidate:.*\r\n", "", sdp)
        viewer = {"name": "test", "remote": "127.0.0.1"}
        reply = edge.call("offer", {"path": path, "sdp": sdp, "viewer": viewer})
        self.session, self.answer, self.etag = reply["session"], reply["answer"], reply["etag"]
        answer = self.line.into(self.answer) if self.line else self.answer
        self._pc.set_remote_description(rtc.Description(answer, rtc.Description.Type.Answer))
        self._thread.start()
        return self

    @property
    def connected(self) -> bool:
        return bool(self._pc.state() == rtc.PeerConnection.State.Connected)

    def send_rtcp(self, data: bytes) -> None:
        track = self._video or self._audio
        assert track is not None
        with contextlib.suppress(RuntimeError):
            track.native.send(data)

    def nack(self, *sequences: int) -> None:
        pairs = b"".join(struct.pack("!HH", sequence, 0) for sequence in sequences)
        ssrc = self.video.packets[0].ssrc
        self.send_rtcp(struct.pack("!BBHII", 0x81, 205, 2 + len(sequences), 1, ssrc) + pairs)

    def pli(self) -> None:
        self.send_rtcp(struct.pack("!BBHII", 0x81, 206, 2, 1, self.video.packets[0].ssrc))

    def close(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._pc.close()
        if self.line:
            self.line.close()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        report_at = 0.0
        while not self._ended.wait(0.002):
            if not self.connected_at and self.connected:
                self.connected_at = time.monotonic()
            for track in (self._video, self._audio):
                while track is not None and isinstance(data := track.native.receive(), bytes):
                    track.take(data)
            if self.reports and self.connected and time.monotonic() >= report_at:
                report_at = time.monotonic() + 0.5
                for track in (self._video, self._audio):
                    self._report(track)

    def _report(self, track: Track | None) -> None:
        if track is None or not track.packets:
            self.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 1))
            return
        last = track.reports[-1] if track.reports else None
        since = int((time.monotonic() - last.at) * 65536) if last else 0
        block = struct.pack(
            "!IIIIII",
            track.packets[0].ssrc,
            0,
            track.packets[-1].sequence,
            90,
            (last.ntp >> 16) & 0xFFFFFFFF if last else 0,
            since,
        )
        self.send_rtcp(struct.pack("!BBHI", 0x81, 201, 7, 1) + block)


def units_of(packets: list[Packet]) -> list[tuple[int, bytes]]:
    """Annex B units with their timestamps, as a receiver puts them together (RFC 6184); whole ones only."""
    units: list[tuple[int, bytes]] = []
    ordered = sorted({packet.sequence: packet for packet in packets}.values(), key=_in_order(packets))
    nals: list[bytes] = []
    expected: int | None = None
    whole = True
    for packet in ordered:
        whole &= expected is None or packet.sequence == expected
        expected = (packet.sequence + 1) & 0xFFFF
        kind = packet.payload[0] & 0x1F
        if kind == 28:
            if packet.payload[1] & 0x80:
                nals.append(bytes([packet.payload[0] & 0xE0 | packet.payload[1] & 0x1F]))
            if nals:
                nals[-1] += packet.payload[2:]
        elif kind == 24:
            rest = packet.payload[1:]
            while rest:
                size = int.from_bytes(rest[:2])
                nals.append(rest[2 : 2 + size])
                rest = rest[2 + size :]
        else:
            nals.append(packet.payload)
        if packet.marker:
            if whole:
                units.append((packet.timestamp, b"".join(b"\0\0\0\1" + nal for nal in nals)))
            nals, whole = [], True
    return units


def _in_order(packets: list[Packet]) -> Any:
    first = packets[0].sequence
    return lambda packet: (packet.sequence - first) & 0xFFFF


def decoded(packets: list[Packet]) -> list[av.VideoFrame]:
    """The pictures an independent decoder (FFmpeg's) makes of what arrived."""
    codec = av.CodecContext.create("h264", "r")
    frames: list[Any] = []
    for timestamp, unit in units_of(packets):
        packet = av.Packet(unit)
        packet.pts, packet.time_base = timestamp, fractions.Fraction(1, 90_000)
        frames += codec.decode(packet)
    return frames + list(codec.decode(None))


def time_of(frame: av.VideoFrame) -> int | None:
    """The capture time in a picture of the test source, in ms."""
    luma = frame.to_ndarray(format="gray")
    return read_strip(luma[: len(luma) // 4].tolist())
