"""One path on its way to its viewers: one reader of the hub, however many they are."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from regie.domain.errors import RegieError
from regie.domain.viewers import KeyframeRequests, Phase
from regie.edge.delays import Delays
from regie.edge.units import AudioStream, VideoStream, VideoUnit
from regie.edge.viewer import Viewer
from regie.hub.clock import now_ns
from regie.hub.paths import Stream, streams_of
from regie.hub.reader import HubReader
from regie.hub.wire import Unit

log = logging.getLogger(__name__)

type Take = Callable[[Unit, int], None]

BURST_MAX_AGE_NS = (
    3_000_000_000  # of a source that stopped, a new viewer shall not see an old picture as live
)
LATE_NS = 1_000_000_000  # this far behind the best, units are left out up to the next keyframe
GIVE_UP_NS = 2_000_000_000  # late for so long without a break, it is the path's delay that has grown
RETRY_S = 2.0  # after what came was not what a hub sends
FLOOR_RISE = 0.01  # how fast "the best" forgets, in seconds a second


class Lateness:
    """How much later units are than the most punctual of late; the delay before the hub does not count."""

    def __init__(self) -> None:
        self._floor_ns: float | None = None
        self._at_ns = 0

    def of(self, pts_ns: int, now: int) -> float:
        age = now - pts_ns
        if self._floor_ns is None:
            self._floor_ns = age
        else:
            self._floor_ns = min(age, self._floor_ns + (now - self._at_ns) * FLOOR_RISE)
        self._at_ns = now
        return age - self._floor_ns


class Feed:
    """Reads a path and sends each unit to every viewer, in the event loop.

    A unit for one viewer is one native call of some hundred microseconds, which holds the GIL: further
    threads would only wait for each other.
    """

    def __init__(self, run_dir: Path, path: str) -> None:
        self.path = path
        self.max_viewers = 0  # as the last offer said
        self.viewers: dict[str, Viewer] = {}
        self.video = VideoStream()
        self.audio = AudioStream()
        self.send_ms = Delays()
        self.age_ms = Delays()
        self.empty_since: float | None = None
        self._requests = KeyframeRequests()
        self._lateness = Lateness()
        self._connections = 0
        self._skipping_since_ns: int | None = None
        self._readers = {stream: HubReader(run_dir, path, stream) for stream in Stream}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        takers = {Stream.VIDEO: self._take_video, Stream.AUDIO: self._take_audio}
        for stream in streams_of(self.path):
            task = asyncio.create_task(self._follow(stream, takers[stream]), name=f"{self.path} {stream}")
            self._tasks.append(task)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    async def _follow(self, stream: Stream, take: Take) -> None:
        """Follow the hub for ever: what goes wrong with one connection must not end the path."""
        while True:
            try:
                async for item in self._readers[stream].items():
                    if isinstance(item, Unit):
                        take(item, now_ns())
            except RegieError as error:
                log.warning("reading %s of %s failed: %s", stream, self.path, error.message)
            except Exception:
                log.exception("reading %s of %s failed", stream, self.path)
            await asyncio.sleep(RETRY_S)

    def _take_video(self, unit: Unit, arrived_ns: int) -> None:
        made = self.video.next(unit)
        if self._is_late(made, arrived_ns):
            for viewer in self.viewers.values():
                viewer.skip_video()
            return
        for viewer in self.viewers.values():
            viewer.offer_video(made)
        sent_ns = now_ns()
        self.send_ms.add((sent_ns - arrived_ns) / 1e6)
        self.age_ms.add((sent_ns - unit.pts_ns) / 1e6)

    def _is_late(self, unit: VideoUnit, now: int) -> bool:
        if self._readers[Stream.VIDEO].connections != self._connections:  # it begins with what went before
            self._connections, self._lateness = self._readers[Stream.VIDEO].connections, Lateness()
        late = self._lateness.of(unit.pts_ns, now) > LATE_NS
        since_ns = self._skipping_since_ns
        if late and since_ns is None:
            log.warning("sending %s lags behind: going on at the next keyframe", self.path)
            self._skipping_since_ns = now
            self.request_keyframe()
        elif late and since_ns is not None and now - since_ns > GIVE_UP_NS:
            log.warning("%s takes longer than before: that is its delay from now on", self.path)
            self._lateness, late = Lateness(), False
            self.request_keyframe()
        if not late and unit.is_keyframe:
            self._skipping_since_ns = None
        return self._skipping_since_ns is not None

    def _take_audio(self, unit: Unit, _arrived_ns: int) -> None:
        made = self.audio.next(unit)
        for viewer in self.viewers.values():
            viewer.offer_audio(made)

    def remove(self, session: str) -> None:
        viewer = self.viewers.pop(session, None)
        if viewer is not None:
            viewer.say_goodbye(self.video, self.audio)

    def tick(self, now: float) -> None:
        """Every few milliseconds: connections that opened, bursts that go on, reports that came."""
        running_ns = now_ns()
        keyframe_wanted = False
        for viewer in self.viewers.values():
            if viewer.life.phase is Phase.CONNECTING:
                if viewer.peer.connected:
                    viewer.begin(self._burst(running_ns), now)
                    viewer.send_reports(self.video, self.audio, running_ns)
                continue
            viewer.send_burst()
            viewer.listen(self.video.ssrc, self.audio.ssrc, now, running_ns)
            keyframe_wanted |= viewer.wants_keyframe
            viewer.wants_keyframe = False
        if keyframe_wanted:
            self.request_keyframe(now)

    def each_second(self, now: float) -> None:
        running_ns = now_ns()
        for viewer in self.viewers.values():
            viewer.each_second(now)
            if viewer.life.phase is Phase.LIVE:
                viewer.send_reports(self.video, self.audio, running_ns)

    def request_keyframe(self, now: float | None = None) -> None:
        if self._requests.may_ask(time.monotonic() if now is None else now):
            self._readers[Stream.VIDEO].request_keyframe()

    def _burst(self, running_ns: int) -> list[VideoUnit]:
        newest = self.video.newest_pts_ns
        if newest is None or running_ns - newest > BURST_MAX_AGE_NS:
            return []
        return self.video.burst()
