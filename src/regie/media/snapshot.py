"""A still picture of a path: its newest keyframe as JPEG, decoded far from the pictures on air."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from regie.domain.errors import Invalid, RegieError, Unavailable
from regie.hub.clock import now_ns
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream, checked_path
from regie.hub.reader import HubReader
from regie.hub.wire import Caps, Unit

MIN_WIDTH, MAX_WIDTH = 64, 1920
FRESH_S = 1.0  # a picture this young is given again instead of being made anew
AT_ONCE = 2
MAX_REMEMBERED = 64
KEYFRAME_TIMEOUT_S = 2.0
DECODE_TIMEOUT_S = 2.0
TURN_TIMEOUT_S = 4.0  # waiting for a turn, for the keyframe and for the decoder together
STALE_S = 15.0  # longer than any group of pictures the hub keeps


@dataclass(frozen=True)
class Snapshot:
    """A JPEG, its size, and the running time at which the picture was taken."""

    jpeg: bytes
    width: int
    height: int
    at_ns: int


class Snapshots:
    """Makes snapshots: two at once, each at most once a second, the same for all who ask meanwhile.

    `on_stuck` is called when a decoder cannot be stopped: then only the end of this process frees it.
    """

    def __init__(self, run_dir: Path, on_stuck: Callable[[], None]) -> None:
        self._run_dir = run_dir
        self._on_stuck = on_stuck
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._made: dict[tuple[str, int], tuple[float, asyncio.Task[Snapshot]]] = {}

    async def snapshot(self, path: str, width: int = MAX_WIDTH) -> Snapshot:
        """The picture of a path, at most `width` wide and never larger than it is."""
        checked_path(path)
        if not MIN_WIDTH <= width <= MAX_WIDTH:
            raise Invalid(f"a snapshot is {MIN_WIDTH} to {MAX_WIDTH} pixels wide, not {width}")
        self._forget_old()
        if (path, width) not in self._made:
            task = asyncio.create_task(self._make(path, width))
            task.add_done_callback(_retrieve)
            self._made[path, width] = (time.monotonic(), task)
        return await asyncio.shield(self._made[path, width][1])

    async def close(self) -> None:
        for _, task in self._made.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._made.values()), return_exceptions=True)
        self._made.clear()

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key, (at, task) in list(self._made.items()):
            failed = task.done() and (task.cancelled() or task.exception() is not None)
            if task.done() and (failed or now - at > FRESH_S or len(self._made) > MAX_REMEMBERED):
                del self._made[key]

    async def _make(self, path: str, width: int) -> Snapshot:
        try:
            async with asyncio.timeout(TURN_TIMEOUT_S), self._turns:
                caps, unit = await newest_keyframe(self._run_dir, path)
                return await self._decode(path, caps, unit, width)
        except TimeoutError as error:
            raise Unavailable("too many snapshots are being made", "try again in a few seconds") from error

    async def _decode(self, path: str, caps: Caps, unit: Unit, width: int) -> Snapshot:
        width, height = scaled_size(caps, width)
        failures: list[str] = []
        pipeline = Pipeline(_decoder_text(caps, width, height), partial(note_error, failures=failures))
        try:
            await pipeline.play()
            jpeg = await _decoded(pipeline, unit)
        finally:
            try:
                await asyncio.shield(pipeline.close())
            except Unavailable:
                self._on_stuck()
        if jpeg is None:
            why = f" ({failures[0]})" if failures else ""
            raise Unavailable(f"the picture of {path} cannot be decoded{why}")
        return Snapshot(jpeg, width, height, unit.pts_ns)


async def newest_keyframe(run_dir: Path, path: str) -> tuple[Caps, Unit]:
    """What the hub hands a new reader first. Unavailable when nothing comes, or only an old picture."""
    caps: Caps | None = None
    reader = HubReader(run_dir, path, Stream.VIDEO)
    try:
        async with asyncio.timeout(KEYFRAME_TIMEOUT_S), contextlib.aclosing(reader.items()) as items:
            async for item in items:
                if isinstance(item, Caps):
                    caps = item
                elif caps is not None:
                    _check_age(path, item)
                    return caps, item
    except TimeoutError:
        pass
    if reader.connections == 0:
        raise Unavailable(f"there is no picture from {path}", "start the source, or see its state")
    raise Unavailable(f"{path} is there but sends no picture", "see the state of its source")


def _check_age(path: str, unit: Unit) -> None:
    age_s = (now_ns() - unit.pts_ns) / 1e9
    if age_s > STALE_S:
        raise Unavailable(
            f"the picture of {path} has stood still for {age_s:.0f} s", "see its source's state"
        )


def scaled_size(caps: Caps, width: int) -> tuple[int, int]:
    """Even numbers, square pixels, the shape of the picture kept."""
    try:
        source_width, source_height = int(caps.field("width") or 0), int(caps.field("height") or 0)
        shape = Fraction(source_width, source_height) * Fraction(caps.field("pixel-aspect-ratio") or "1/1")
        width = min(width, round(source_height * shape))
        return max(2, width // 2 * 2), max(2, round(width / shape) // 2 * 2)
    except (ValueError, ZeroDivisionError) as error:
        raise Unavailable("the picture's size is not known yet", "try again in a second") from error


def _decoder_text(caps: Caps, width: int, height: int) -> str:
    return (
        f'appsrc name=in format=time caps="{caps.text}" max-buffers=1 ! h264parse ! '
        "avdec_h264 max-threads=1 output-corrupt=false ! videoconvertscale ! "
        f"video/x-raw,format=I420,width={width},height={height},pixel-aspect-ratio=1/1 ! "
        "jpegenc quality=85 ! appsink name=out sync=false max-buffers=1"
    )


async def _decoded(pipeline: Pipeline, unit: Unit) -> bytes | None:
    buffer = Gst.Buffer.new_wrapped(unit.data)
    buffer.pts = 0
    pipeline["in"].emit("push-buffer", buffer)
    pipeline["in"].emit("end-of-stream")
    timeout_ns = int(DECODE_TIMEOUT_S * Gst.SECOND)
    sample = await asyncio.to_thread(pipeline["out"].emit, "try-pull-sample", timeout_ns)
    if sample is None:
        return None
    data = sample.get_buffer()
    return bytes(data.extract_dup(0, data.get_size()))


def note_error(message: Any, failures: list[str]) -> None:
    if message.type == Gst.MessageType.ERROR:
        failures.append(str(message.parse_error()[0].message))


def _retrieve(task: asyncio.Task[Snapshot]) -> None:
    """A failure nobody waits for any more is no news; anything but a RegieError is."""
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, RegieError):
        asyncio.get_running_loop().call_exception_handler({"message": "snapshot failed", "exception": error})
