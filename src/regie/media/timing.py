"""The meter of latency and lip-sync: reads the strip and hears the beep of a test source on any path."""

import asyncio
import contextlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from regie.domain.beep import beep_onsets
from regie.domain.errors import Conflict, RegieError, Unavailable
from regie.domain.strip import read_strip
from regie.domain.timing import Shown, Timing, timing
from regie.hub.clock import now_ns
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream, checked_path
from regie.hub.reader import HubReader
from regie.hub.wire import Caps, Unit
from regie.media.snapshot import note_error

LISTEN_S = 3.5  # long enough for three beeps
CONNECT_S = 2.0
SETTLE_NS = 500_000_000
DECODE_TIMEOUT_S = 6.0
STEADY_NS = 2_000_000  # samples this far from where they are due begin anew

PICTURE = (
    "h264parse ! avdec_h264 max-threads=1 output-corrupt=false ! videoconvert ! video/x-raw,format=GRAY8"
)
SOUND = (
    "opusdec ! audioconvert ! audioresample ! "
    "audio/x-raw,format=F32LE,rate=48000,channels=1,layout=interleaved"
)


@dataclass(frozen=True)
class _Came:
    unit: Unit
    at_ns: int


async def measure(run_dir: Path, path: str, on_stuck: Callable[[], None]) -> Timing:
    """Watch a path for a few seconds. `on_stuck` is called when a decoder cannot be stopped."""
    checked_path(path)
    began_ns = now_ns()
    (picture_caps, picture), (sound_caps, sound) = await asyncio.gather(
        *(_gather(run_dir, path, stream) for stream in Stream)
    )
    if picture_caps is None or not picture:
        raise Unavailable(f"there is no picture from {path}", "start the source, or see its state")
    came = {each.unit.pts_ns: each.at_ns for each in picture}
    frames = await _decoded(PICTURE, picture_caps, picture, _made_ns, on_stuck)
    shown = [Shown(pts_ns, came[pts_ns], made_ns) for pts_ns, made_ns in frames if made_ns and pts_ns in came]
    beeps: list[int] = []
    if sound_caps is not None and sound:
        blocks = await _decoded(SOUND, sound_caps, sound, _samples, on_stuck)
        beeps = await asyncio.to_thread(_beeps, blocks)
    found = timing(shown, beeps, began_ns + SETTLE_NS)
    if found is None:
        raise Conflict(
            f"{path} shows no test picture whose time can be read", "put a test source on it, full size"
        )
    return found


async def _gather(run_dir: Path, path: str, stream: Stream) -> tuple[Caps | None, list[_Came]]:
    """What comes within the time; nothing where there is no such stream."""
    caps: Caps | None = None
    came: list[_Came] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S) as limit:
            async with contextlib.aclosing(HubReader(run_dir, path, stream).items()) as items:
                async for item in items:
                    if isinstance(item, Caps):
                        caps, came = item, []
                        limit.reschedule(asyncio.get_running_loop().time() + LISTEN_S)
                    else:
                        came.append(_Came(item, now_ns()))
    return caps, came


async def _decoded[T](
    decoder: str, caps: Caps, came: list[_Came], read: Callable[[Any], T], on_stuck: Callable[[], None]
) -> list[tuple[int, T]]:
    """Each decoded sample's time, and what was read from it at once: pictures are large."""
    text = (
        f'appsrc name=in format=time caps="{caps.text}" max-bytes=0 ! {decoder} ! '
        "appsink name=out sync=false max-buffers=4"
    )
    failures: list[str] = []
    pipeline = Pipeline(text, partial(note_error, failures=failures))
    try:
        await pipeline.play()
        async with asyncio.timeout(DECODE_TIMEOUT_S):
            return await asyncio.to_thread(_pump, pipeline, came, read)
    except TimeoutError:
        raise Unavailable("this machine is too busy to decode what came", "try again later") from None
    finally:
        try:
            await asyncio.shield(pipeline.close())
        except Unavailable:
            on_stuck()
        if failures:
            raise RegieError(f"the path cannot be decoded ({failures[0]})")


def _pump[T](pipeline: Pipeline, came: list[_Came], read: Callable[[Any], T]) -> list[tuple[int, T]]:
    for each in came:
        buffer = Gst.Buffer.new_wrapped(each.unit.data)
        buffer.pts = each.unit.pts_ns
        pipeline["in"].emit("push-buffer", buffer)
    pipeline["in"].emit("end-of-stream")
    found = []
    while sample := pipeline["out"].emit("try-pull-sample", Gst.SECOND):
        found.append((int(sample.get_buffer().pts), read(sample)))
    return found


def _made_ns(sample: Any) -> int | None:
    """What the strip says, which stands in the upper part."""
    structure, buffer = sample.get_caps().get_structure(0), sample.get_buffer()
    width = structure.get_value("width")
    stride = (width + 3) // 4 * 4
    data = bytes(buffer.extract_dup(0, stride * (structure.get_value("height") // 3)))
    made_ms = read_strip([data[start : start + width] for start in range(0, len(data), stride)])
    return None if made_ms is None else made_ms * 1_000_000


def _samples(sample: Any) -> bytes:
    buffer = sample.get_buffer()
    return bytes(buffer.extract_dup(0, buffer.get_size()))


def _beeps(blocks: list[tuple[int, bytes]]) -> list[int]:
    """When beeps begin. What does not follow on what came before begins a new stretch of sound."""
    beeps: list[int] = []
    stretch, start_ns = array("f"), 0
    for pts_ns, data in blocks:
        due_ns = start_ns + len(stretch) * 1_000_000_000 // 48_000
        if abs(pts_ns - due_ns) > STEADY_NS:
            beeps += beep_onsets(stretch, start_ns)
            stretch, start_ns = array("f"), pts_ns
        stretch.frombytes(data)
    return beeps + beep_onsets(stretch, start_ns)
