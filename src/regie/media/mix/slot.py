"""An input of the mixer: follows a path of the hub for ever, and has a picture for every moment.

Encoded units pass through here one by one, and are given to the pipeline's decoders. A path that falls silent
keeps its last picture for a while, then shows its slate; when it is back, it is back with its next keyframe.
"""

import asyncio
import contextlib
import logging
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regie.domain.frames import FrameGrid, Snap
from regie.domain.production import Input
from regie.domain.workers import Json
from regie.hub.clock import now_ns
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream
from regie.hub.reader import HubReader
from regie.hub.wire import Caps, Unit
from regie.media.mix.slate import SlateMaker

log = logging.getLogger(__name__)

IN_TIME_NS = 55_000_000  # what arrives this long after its time is still decoded and mixed in time
MARGIN_NS = 8_000_000
LOOK_AHEAD_NS = 5_000_000  # the programme's limiter gives its sound this much later than it says
SETTLE_NS = 400_000_000  # what comes right after a connection is old: it was kept for new readers
SLATE_INTERVAL_NS = 200_000_000
WATCH_S = 0.05
LOWER_AFTER_NS = 10_000_000_000
LEAD_NS = 2 * int(WATCH_S * 1e9)  # no picture is decoded longer before its time: decoded ones take much room
EARLY_UNITS = 90


class Delay:
    """How much later than it was taken a source is mixed, so that all of it arrives in time.

    Picture and sound of a source share it: they leave as they came in. It is zero for what arrives at once.
    """

    def __init__(self) -> None:
        self.ns = 0
        self._late: deque[tuple[int, int]] = deque(maxlen=600)
        self._strikes = 0

    def on_unit(self, late_ns: int, at_ns: int) -> None:
        needed = late_ns - IN_TIME_NS
        self._late.append((at_ns, needed))
        self._strikes = self._strikes + 1 if needed > self.ns else 0
        if self._strikes >= 3:
            self.ns, self._strikes = max(0, needed + MARGIN_NS), 0
            self._late.clear()
        elif self.ns and self._late and at_ns - self._late[0][0] > LOWER_AFTER_NS:
            worst = max(value for _, value in self._late)
            self._late.clear()
            if worst < self.ns - 3 * MARGIN_NS:
                self.ns = max(0, worst + MARGIN_NS)


@dataclass
class _Side:
    """One stream of the input."""

    appsrc: Any
    reader: HubReader | None = None
    caps: str = ""
    last_at_ns: int = 0
    connected_at_ns: int = 0
    connection: int = 0
    wants_keyframe: bool = True
    units: int = 0


class Slot:
    """One input: at most one path at a time."""

    def __init__(
        self, pipeline: Pipeline, number: int, run_dir: Path, slates: SlateMaker, grid: FrameGrid
    ) -> None:
        self.number = number
        self.input: Input | None = None
        self.delay = Delay()
        self._pipeline = pipeline
        self._run_dir = run_dir
        self._slates = slates
        self._hold_ns = 0
        self._snap = Snap(grid)
        self._sides = {stream: _Side(pipeline[f"{stream}_{number}"]) for stream in Stream}
        self._tasks: list[asyncio.Task[None]] = []
        self._slate_at_ns = 0
        self._sound_later_ns = 0
        self._early: deque[Unit] = deque(maxlen=EARLY_UNITS)  # pictures that wait for their sound

    def assign(self, wanted: Input, hold_s: float) -> None:
        self.input = wanted
        self._hold_ns = int(hold_s * 1e9)
        self._tasks = [asyncio.create_task(self._follow(stream)) for stream in Stream]
        self._tasks.append(asyncio.create_task(self._watch()))

    def rename(self, wanted: Input) -> None:
        self.input = wanted

    def shift_sound(self, later_ms: int) -> None:
        """Sound later than its picture, or, below zero, its picture later than the sound."""
        self._sound_later_ns = later_ms * 1_000_000

    async def release(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        self.input = None
        self.delay = Delay()
        self._early.clear()
        for stream, side in self._sides.items():
            self._sides[stream] = _Side(side.appsrc)
            side.appsrc.send_event(Gst.Event.new_flush_start())
            side.appsrc.send_event(Gst.Event.new_flush_stop(False))

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture that comes out of the decoder; zeros before there is one."""
        caps = self._pipeline[f"seen_{self.number}"].get_static_pad("src").get_current_caps()
        if caps is None:
            return 0, 0
        structure = caps.get_structure(0)
        return structure.get_value("width"), structure.get_value("height")

    @property
    def is_lost(self) -> bool:
        return self._silent_ns(Stream.VIDEO) > self._hold_ns

    def status(self) -> Json:
        audio = self._sides[Stream.AUDIO]
        return {
            "picture": "slate" if self.is_lost else "live",
            "sound": bool(audio.last_at_ns) and self._silent_ns(Stream.AUDIO) < self._hold_ns,
            "delay_ms": round(self.delay.ns / 1e6),
            "size": list(self.size),
        }

    # --- following the hub ---------------------------------------------------------------------------------

    async def _follow(self, stream: Stream) -> None:
        assert self.input is not None  # noqa: S101  # assigned before this runs
        side = self._sides[stream]
        side.reader = HubReader(self._run_dir, f"src/{self.input.id}", stream)
        async for item in side.reader.items():
            if isinstance(item, Caps):
                self._set_caps(side, item.text)
            elif self._may_pass(stream, side, item):
                self._take(stream, item)

    def _set_caps(self, side: _Side, text: str) -> None:
        if text != side.caps:
            side.caps = text
            if side is self._sides[Stream.VIDEO]:
                self._early.clear()  # what follows is another picture
            side.appsrc.set_property("caps", Gst.Caps.from_string(text))

    def _may_pass(self, stream: Stream, side: _Side, unit: Unit) -> bool:
        now = now_ns()
        assert side.reader is not None  # noqa: S101
        if side.connection != side.reader.connections:
            side.connection, side.connected_at_ns, side.wants_keyframe = side.reader.connections, now, True
        if stream is Stream.VIDEO and side.wants_keyframe:
            if not unit.is_keyframe:
                side.reader.request_keyframe()
                return False
            side.wants_keyframe = False
        if now - side.connected_at_ns > SETTLE_NS:
            self.delay.on_unit(now - unit.pts_ns, now)
        side.last_at_ns, side.units = now, side.units + 1
        return True

    def _take(self, stream: Stream, unit: Unit) -> None:
        if stream is Stream.VIDEO and (self._early or self._is_early(unit)):
            self._early.append(unit)
        else:
            self._push(stream, unit)

    def _is_early(self, unit: Unit) -> bool:
        return self._time_ns(Stream.VIDEO, unit) - now_ns() > LEAD_NS

    def _time_ns(self, stream: Stream, unit: Unit) -> int:
        """When it is mixed."""
        shift_ns = self._sound_later_ns if stream is Stream.AUDIO else -self._sound_later_ns
        return unit.pts_ns + self.delay.ns + max(0, shift_ns)

    def _push(self, stream: Stream, unit: Unit) -> None:
        pts_ns, duration_ns = self._time_ns(stream, unit), unit.duration_ns
        if stream is Stream.VIDEO:
            pts_ns, duration_ns = self._snap.snap(pts_ns, duration_ns)
        else:
            pts_ns -= LOOK_AHEAD_NS
        buffer = Gst.Buffer.new_wrapped(unit.data)
        buffer.pts = pts_ns
        if duration_ns:
            buffer.duration = duration_ns
        if not unit.is_keyframe:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        self._sides[stream].appsrc.emit("push-buffer", buffer)

    # --- when nothing comes --------------------------------------------------------------------------------

    def _silent_ns(self, stream: Stream) -> int:
        last = self._sides[stream].last_at_ns
        return now_ns() - last if last else 1 << 62

    async def _watch(self) -> None:
        """Let pictures go when it is nearly their time; show the slate while there is none."""
        while True:
            await asyncio.sleep(WATCH_S)
            while self._early and not self._is_early(self._early[0]):
                self._push(Stream.VIDEO, self._early.popleft())
            now = now_ns()
            if self.is_lost and now - self._slate_at_ns >= SLATE_INTERVAL_NS:
                self._slate_at_ns = now
                await self._show_slate()

    async def _show_slate(self) -> None:
        assert self.input is not None  # noqa: S101
        slate = await self._slates.get(self.input.name)
        if not self.is_lost:
            return
        side = self._sides[Stream.VIDEO]
        if not side.wants_keyframe:
            log.info("%s is lost: its slate is shown", self.input.id)
        side.wants_keyframe = True  # what the decoder knew is gone
        self._set_caps(side, slate.caps)
        buffer = Gst.Buffer.new_wrapped(slate.unit)
        buffer.pts, buffer.duration = self._snap.snap(now_ns() - MARGIN_NS, SLATE_INTERVAL_NS)
        side.appsrc.emit("push-buffer", buffer)
