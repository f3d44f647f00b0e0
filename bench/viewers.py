"""Viewers that note when each frame arrives and come back by themselves, as the page does."""

import contextlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from typing import Self

import libdatachannel as rtc

from tests.support.instance import Instance

STALL_S = 1.2  # what web/src/lib/whep/keeper.ts waits before it takes a session for gone
RETRY_S = 0.25
POLL_S = 0.004
OPUS, H264 = 111, 96


class Viewer:
    """Watches one path over WHEP in a thread of its own until it is closed."""

    def __init__(self, instance: Instance, path: str) -> None:
        self.path = path
        self.frames: list[float] = []  # when the last packet of each frame arrived, monotonic seconds
        self.sessions = 0
        self._url = f"{instance.base_url}/whep/{path}"
        self._token = instance.token
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)

    def longest_gap_s(self, since: float, until: float) -> float:
        """The longest time without a frame between two instants; the edges count as frames."""
        times = [since, *(at for at in list(self.frames) if since < at < until), until]
        return max(later - earlier for earlier, later in pairwise(times))

    def _watch(self) -> None:
        while not self._ended.is_set():
            connection = rtc.PeerConnection(_configuration())
            try:
                self._follow(connection)
            except OSError:
                self._ended.wait(RETRY_S)
            finally:
                connection.close()

    def _follow(self, connection: rtc.PeerConnection) -> None:
        video, audio = (connection.add_track(media) for media in _media())
        for track in (video, audio):
            track.set_media_handler(rtc.RtcpReceivingSession())
        connection.set_local_description()
        while connection.gathering_state() != rtc.PeerConnection.GatheringState.Complete:
            time.sleep(POLL_S)
        answer = self._post(str(connection.local_description()))
        connection.set_remote_description(rtc.Description(answer, rtc.Description.Type.Answer))
        self.sessions += 1
        last = time.monotonic()
        while time.monotonic() - last < STALL_S and not self._ended.wait(POLL_S):
            while isinstance(audio.receive(), bytes):
                pass
            while isinstance(packet := video.receive(), bytes):
                last = time.monotonic()
                if packet[1] & 0x80 and packet[1] & 0x7F == H264:  # the marker: a frame is complete
                    self.frames.append(last)

    def _post(self, offer: str) -> str:
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(self._url, offer.encode(), headers)
        with urllib.request.urlopen(request, timeout=4) as reply:
            return str(reply.read().decode())


@contextlib.contextmanager
def watching(instance: Instance, *paths: str) -> Iterator[list[Viewer]]:
    """One viewer for each path."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Viewer(instance, path)) for path in paths]


def _configuration() -> rtc.Configuration:
    configuration = rtc.Configuration()
    configuration.bind_address = "127.0.0.1"
    configuration.disable_auto_negotiation = True
    return configuration


def _media() -> tuple[rtc.Description.Video, rtc.Description.Audio]:
    video = rtc.Description.Video("v", rtc.Description.Direction.RecvOnly)
    video.add_h264_codec(H264)
    audio = rtc.Description.Audio("a", rtc.Description.Direction.RecvOnly)
    audio.add_opus_codec(OPUS)
    return video, audio
