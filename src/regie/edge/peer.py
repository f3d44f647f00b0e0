"""One WebRTC connection of libdatachannel, wrapped so that it can neither block nor deadlock us.

No Python function is ever given to the library. Its threads would need the GIL to call one, with locks
held which we wait for while holding the GIL: a deadlock (libdatachannel-py 2026.1, its issues 0001 to 0005);
and what a callback captures is easily never freed. Instead its state is read and its received RTCP fetched,
each in about a microsecond.

For the same reason the library must never be the last owner of an object that Python made. A track that
closes lets go of its packetizer with its own lock held; if that freed the packetizer it would need the GIL,
while we, with the GIL, may be waiting for that lock in order to send. So each packetizer has a second native
owner, which Python alone frees.
"""

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libdatachannel as rtc

from regie.domain.errors import Invalid, Unavailable
from regie.edge.h264 import MAX_PAYLOAD_BYTES
from regie.edge.negotiation import CNAME, LocalTransport, Negotiated, Sent, Ssrcs, library_offer
from regie.edge.rtp import VIDEO_CLOCK_HZ, playout_delay_extension

LET_GO_TIMEOUT_S = 2.0
MAX_RECEIVED = 64  # RTCP packets of a track at a time: a flood must not hold up the others

_OVER = (
    rtc.PeerConnection.State.Disconnected,
    rtc.PeerConnection.State.Failed,
    rtc.PeerConnection.State.Closed,
)


@dataclass(frozen=True)
class PeerSettings:
    """Where this edge is reached."""

    port: int
    bind: str = ""  # empty: every address of this machine
    addresses: tuple[str, ...] = ()  # announced beside the machine's own, e.g. the router's public one
    stun: tuple[str, ...] = ()


class Peer:
    """The native side of a viewer. `close` may take a while and belongs in a thread.

    What the library refuses raises Invalid, and `let_go` is given the peer: to close it out of the way.
    """

    def __init__(
        self,
        settings: PeerSettings,
        agreed: Negotiated,
        ssrcs: Ssrcs,
        let_go: Callable[["Peer"], None] | None = None,
    ) -> None:
        self._settings = settings
        self._connection = rtc.PeerConnection(_configuration(settings))
        self._video: rtc.Track | None = None
        self._audio: rtc.Track | None = None
        self._packetizer: rtc.H264RtpPacketizer | None = None
        self._keeper = rtc.MediaHandler()
        self._rtp = rtc.RtpPacketizationConfig(ssrcs.video, CNAME, 96, VIDEO_CLOCK_HZ)
        self.video_extension = b""
        try:
            if agreed.video:
                self._add_video(agreed.video, ssrcs.video)
            if agreed.audio:
                self._audio = self._add_track(
                    rtc.Description.Audio(agreed.audio.section.mid, rtc.Description.Direction.SendOnly),
                    agreed.audio,
                    ssrcs.audio,
                )
            offer = rtc.Description(library_offer(agreed), rtc.Description.Type.Offer)
            self._connection.set_remote_description(offer)
            self._connection.set_local_description(rtc.Description.Type.Answer)
        except (ValueError, RuntimeError, IndexError) as error:
            (let_go or Peer.close)(self)
            raise Invalid(f"the offer was refused: {error}") from error

    def _add_video(self, sent: Sent, ssrc: int) -> None:
        media = rtc.Description.Video(sent.section.mid, rtc.Description.Direction.SendOnly)
        self._rtp.payload_type = sent.codec.payload_type
        self._rtp.playout_delay_id = sent.playout_delay_id
        self._rtp.playout_delay_min = self._rtp.playout_delay_max = 0
        self.video_extension = playout_delay_extension(sent.playout_delay_id)
        self._packetizer = rtc.H264RtpPacketizer(
            rtc.NalUnit.Separator.Length, self._rtp, MAX_PAYLOAD_BYTES + 1
        )
        self._keeper.set_next(self._packetizer)  # see the top: its last owner must be Python's
        self._video = self._add_track(media, sent, ssrc)
        self._video.set_media_handler(self._packetizer)

    def _add_track(
        self, media: rtc.Description.Video | rtc.Description.Audio, sent: Sent, ssrc: int
    ) -> rtc.Track:
        if isinstance(media, rtc.Description.Video):
            media.add_h264_codec(sent.codec.payload_type)
        else:
            media.add_opus_codec(sent.codec.payload_type)
        media.add_ssrc(ssrc, CNAME, CNAME, sent.section.kind)
        track = self._connection.add_track(media)
        track.reset_callbacks()  # else a sending track throws received RTCP away; now it keeps it for us
        return track

    @property
    def gathered(self) -> bool:
        return bool(self._connection.gathering_state() == rtc.PeerConnection.GatheringState.Complete)

    @property
    def connected(self) -> bool:
        tracks = [track for track in (self._video, self._audio) if track]
        return all(track.is_open() for track in tracks)

    @property
    def over(self) -> bool:
        return self._connection.state() in _OVER

    @property
    def has_video(self) -> bool:
        return self._video is not None

    @property
    def has_audio(self) -> bool:
        return self._audio is not None

    @property
    def next_video_sequence(self) -> int:
        return int(self._rtp.sequence_number)

    @property
    def video_payload_type(self) -> int:
        return int(self._rtp.payload_type)

    def local_transport(self) -> LocalTransport:
        description = self._connection.local_description()
        if description is None:
            raise Unavailable("the connection was closed while it was being set up")
        lines = str(description).split("\r\n")

        def value(name: str) -> str:
            return next((line.partition(":")[2] for line in lines if line.startswith(f"a={name}:")), "")

        candidates = [line[2:] for line in lines if line.startswith("a=candidate:")]
        return LocalTransport(
            value("ice-ufrag"),
            value("ice-pwd"),
            value("fingerprint"),
            value("setup"),
            [*candidates, *_extra_candidates(self._settings)],
        )

    def add_candidates(self, candidates: Sequence[str], mid: str) -> None:
        for candidate in candidates:
            try:
                self._connection.add_remote_candidate(rtc.Candidate(candidate, mid))
            except (ValueError, RuntimeError):
                continue  # one that cannot be used does not spoil the others

    def send_video(self, frame: bytes, info: rtc.FrameInfo) -> None:
        """Raises RuntimeError when the connection went away."""
        if self._video is not None:
            self._video.send_frame(frame, info)

    def send_audio(self, packet: bytes) -> None:
        if self._audio is not None:
            self._audio.send(packet)

    def send_raw(self, packet: bytes) -> None:
        """An RTP or RTCP packet as it is: a track without a handler takes it, and a lone video track is bared
        for the moment."""
        if self._audio is not None:
            self._audio.send(packet)
        elif self._video is not None:
            self._video.set_media_handler(None)
            try:
                self._video.send(packet)
            finally:
                self._video.set_media_handler(self._packetizer)

    def received(self) -> list[bytes]:
        """The RTCP that came since the last call, or as much of it as is read in one turn.

        The library hands a packet to each track it names, even twice to one: each is read once.
        """
        out: dict[bytes, None] = {}
        for track in filter(None, (self._video, self._audio)):
            for _ in range(MAX_RECEIVED):
                if not isinstance(packet := track.receive(), bytes):
                    break
                out[packet] = None
        return list(out)

    def close(self) -> None:
        """Hang up; the GIL is released while the library waits. Returns when the tracks are let go, too."""
        self._connection.close()
        deadline = time.monotonic() + LET_GO_TIMEOUT_S
        while self._video is not None and self._video.get_media_handler() is not None:
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)


def _configuration(settings: PeerSettings) -> rtc.Configuration:
    configuration = rtc.Configuration()
    configuration.ice_servers = [rtc.IceServer(url) for url in settings.stun]
    configuration.enable_ice_udp_mux = True
    configuration.port_range_begin = configuration.port_range_end = settings.port
    configuration.disable_auto_negotiation = True
    if settings.bind:
        configuration.bind_address = settings.bind
    return configuration


def _extra_candidates(settings: PeerSettings) -> list[str]:
    """The configured addresses, after the machine's own (RFC 8445: host type, a low local preference)."""
    return [
        f"candidate:{900 + index} 1 UDP {_priority(1000 - index)} {address} {settings.port} typ host"
        for index, address in enumerate(settings.addresses)
    ]


def _priority(local_preference: int) -> int:
    return 126 << 24 | local_preference << 8 | 255


def checked_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise Invalid(f"{text[:60]!r} is not an IP address", "announce numeric addresses only") from error
