"""One viewer: what it is sent, what it reports, and when it is over."""

from collections import deque
from dataclasses import dataclass, field

from regie.domain.viewers import Phase, ViewerLife
from regie.domain.workers import Json
from regie.edge.negotiation import CNAME, Negotiated
from regie.edge.peer import Peer
from regie.edge.rtcp import KeyframeWanted, Nack, ReceptionReport, feedback_from_rtcp, round_trip_ms
from regie.edge.rtp import (
    AUDIO_CLOCK_HZ,
    VIDEO_CLOCK_HZ,
    goodbye,
    ntp_from_running,
    rtp_packet,
    sender_report,
)
from regie.edge.units import AudioStream, AudioUnit, VideoStream, VideoUnit

REMEMBERED_UNITS = 128  # 4 s at 30 pictures a second: what can be sent again
RESENDS_PER_SECOND = 2000  # more than a lossy line needs, less than a flood
BURST_UNITS_PER_TURN = 30  # a long group goes out in parts, so that the others do not wait for it


@dataclass(frozen=True)
class Identity:
    """Who watches what."""

    session: str
    path: str
    name: str
    remote: str
    since: float  # Unix time


@dataclass
class Counters:
    frames: int = 0
    dropped: int = 0
    packets: int = 0
    octets: int = 0
    nacks: int = 0
    plis: int = 0
    resent: int = 0
    rtt_ms: float | None = None
    lost: int = 0
    fraction_lost: float = 0.0
    jitter_ms: float = 0.0
    bytes: int = 0
    _rated: tuple[float, int] = (0.0, 0)
    bitrate: float = 0.0

    def rate(self, now: float) -> None:
        """Once a second: bits per second since the last time."""
        before, had = self._rated
        if before and now > before:
            self.bitrate = (self.bytes - had) * 8 / (now - before)
        self._rated = now, self.bytes


@dataclass
class Sent:
    """A unit as this viewer got it, to send parts of it again."""

    sequence: int
    timestamp: int
    unit: VideoUnit


@dataclass
class Viewer:
    identity: Identity
    peer: Peer
    agreed: Negotiated
    life: ViewerLife
    etag: str
    counters: Counters = field(default_factory=Counters)
    wants_keyframe: bool = False
    failed: bool = False
    _burst: deque[VideoUnit] = field(default_factory=deque)
    _waits_for_keyframe: bool = True
    _remembered: deque[Sent] = field(default_factory=lambda: deque(maxlen=REMEMBERED_UNITS))
    _resends_left: float = RESENDS_PER_SECOND

    def begin(self, burst: list[VideoUnit], now: float) -> None:
        """The connection is there: from here on it gets media, beginning with a keyframe."""
        self.life.on_connected(now)
        self._burst.extend(burst)
        self._waits_for_keyframe = not burst
        self.wants_keyframe = self.peer.has_video and not burst
        self.send_burst()

    def send_burst(self) -> None:
        """The next part of what came before the live edge."""
        for _ in range(min(BURST_UNITS_PER_TURN, len(self._burst))):
            self._send_video(self._burst.popleft())

    def offer_video(self, unit: VideoUnit) -> None:
        """A new unit of the path; it is sent, queued behind the burst, or dropped, and never waited for."""
        if self.life.phase is not Phase.LIVE or not self.peer.has_video:
            return
        if self._waits_for_keyframe:
            if not unit.is_keyframe:
                self.counters.dropped += 1
                return
            self._waits_for_keyframe = False
        if self._burst:
            self._burst.append(unit)
        else:
            self._send_video(unit)

    def skip_video(self) -> None:
        """A unit is left out because sending lags behind: the next keyframe is the next thing it can use."""
        if self.life.phase is Phase.LIVE:
            self.counters.dropped += 1
            self._waits_for_keyframe = True
            self._burst.clear()

    def _send_video(self, unit: VideoUnit) -> None:
        counters, packets = self.counters, unit.packets
        sequence = self.peer.next_video_sequence
        try:
            self.peer.send_video(packets.frame, unit.info)
        except RuntimeError:  # the connection went away between two looks at it
            self.failed = True
            return
        self._remembered.append(Sent(sequence, unit.timestamp, unit))
        counters.frames += 1
        counters.packets += len(packets.payloads)
        counters.octets += packets.size
        counters.bytes += packets.size

    def offer_audio(self, unit: AudioUnit) -> None:
        if self.life.phase is not Phase.LIVE or self.agreed.audio is None:
            return
        try:
            self.peer.send_audio(unit.packet(self.agreed.audio.codec.payload_type))
        except RuntimeError:
            self.failed = True
            return
        self.counters.bytes += len(unit.payload)

    def send_reports(self, video: VideoStream, audio: AudioStream, running_ns: int) -> None:
        """The same instant on both clocks.

        libdatachannel's own reporter pairs the time of sending with the newest timestamp: lip-sync would be
        off by the difference of the two streams' delays.
        """
        cname, counters = CNAME.encode(), self.counters
        reports = []
        if self.peer.has_video:
            reports.append(
                sender_report(
                    ssrc=video.ssrc,
                    running_ns=running_ns,
                    rtp_timestamp=video.timestamp_at(running_ns),
                    packets=counters.packets,
                    octets=counters.octets,
                    cname=cname,
                )
            )
        if self.peer.has_audio:
            reports.append(
                sender_report(
                    ssrc=audio.ssrc,
                    running_ns=running_ns,
                    rtp_timestamp=audio.timestamp_at(running_ns),
                    packets=audio.packets,
                    octets=audio.octets,
                    cname=cname,
                )
            )
        self._send_raw(reports)

    def listen(self, video_ssrc: int, audio_ssrc: int, now: float, running_ns: int) -> None:
        """Read what it reported, and answer what it lost."""
        for packet in self.peer.received():
            self.life.on_heard(now)
            for feedback in feedback_from_rtcp(packet):
                match feedback:
                    case ReceptionReport(ssrc=ssrc) if ssrc in (video_ssrc, audio_ssrc):
                        self._on_report(feedback, ssrc == video_ssrc, running_ns)
                    case Nack(ssrc=ssrc) if ssrc == video_ssrc:
                        self._send_again(feedback.lost, video_ssrc)
                    case KeyframeWanted(ssrc=ssrc) if ssrc == video_ssrc:
                        self.counters.plis += 1
                        self.wants_keyframe = True
                    case _:
                        pass

    def _on_report(self, report: ReceptionReport, is_video: bool, running_ns: int) -> None:
        if (trip := round_trip_ms(report, ntp_from_running(running_ns))) is not None:
            self.counters.rtt_ms = round(trip, 1)
        if is_video or not self.peer.has_video:
            clock = VIDEO_CLOCK_HZ if is_video else AUDIO_CLOCK_HZ
            self.counters.lost, self.counters.fraction_lost = report.lost, report.fraction_lost
            self.counters.jitter_ms = round(report.jitter * 1000 / clock, 1)

    def _send_again(self, lost: tuple[int, ...], ssrc: int) -> None:
        self.counters.nacks += 1
        allowed = lost[: int(self._resends_left)]  # what is only looked for costs time as well
        self._resends_left -= len(allowed)
        packets = [packet for sequence in allowed if (packet := self._packet_again(sequence, ssrc))]
        self.counters.resent += len(packets)
        self._send_raw(packets)

    def _packet_again(self, sequence: int, ssrc: int) -> bytes | None:
        for sent in reversed(self._remembered):
            index = (sequence - sent.sequence) & 0xFFFF
            payloads = sent.unit.packets.payloads
            if index < len(payloads):
                return rtp_packet(
                    payloads[index],
                    payload_type=self.peer.video_payload_type,
                    sequence=sequence,
                    timestamp=sent.timestamp,
                    ssrc=ssrc,
                    marker=index == len(payloads) - 1,
                    extension=self.peer.video_extension,
                )
        return None

    def _send_raw(self, packets: list[bytes]) -> None:
        try:
            for packet in packets:
                self.peer.send_raw(packet)
        except RuntimeError:  # too old to be sent again, or the connection went away
            self.failed = self.failed or self.peer.over

    def say_goodbye(self, video: VideoStream, audio: AudioStream) -> None:
        """libdatachannel ends a connection without a word (with Mbed TLS it sends no close_notify)."""
        if self.life.phase is Phase.LIVE and not self.peer.over:
            self._send_raw([goodbye(video.ssrc, audio.ssrc)])

    def each_second(self, now: float) -> None:
        self.counters.rate(now)
        self._resends_left = RESENDS_PER_SECOND

    def why_over(self, now: float) -> str | None:
        if self.peer.over or self.failed:
            return "it hung up"
        return self.life.why_over(now)

    def to_json(self) -> Json:
        who, counters = self.identity, self.counters
        return {
            "session": who.session,
            "path": who.path,
            "name": who.name,
            "remote": who.remote,
            "state": self.life.phase.value,
            "since": who.since,
            "bytes": counters.bytes,
            "bitrate": round(counters.bitrate),
            "rtt_ms": counters.rtt_ms,
            "lost": counters.lost,
            "fraction_lost": round(counters.fraction_lost, 4),
            "jitter_ms": counters.jitter_ms,
            "nacks": counters.nacks,
            "plis": counters.plis,
            "resent": counters.resent,
            "frames": counters.frames,
            "dropped": counters.dropped,
        }
