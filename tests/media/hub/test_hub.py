"""The hub between real writers and readers: who joins when, who may stall, and who may die."""

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from regie.hub.clock import now_ns
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream, socket_file
from regie.hub.publish import Publisher, writer_text
from regie.hub.reader import HubReader
from regie.hub.wire import Caps, Unit, WireParser
from tests.media.sources.rig import PATH, frames_from, record, running_source
from tests.support.wait import eventually

GOP_NS = 2_000_000_000
BEYOND_ALL_BUFFERS = (
    900  # a socket takes some 100 units, and the writer keeps 300 for a reader, never over 600
)


@asynccontextmanager
async def following(run_dir: Path) -> AsyncIterator[tuple[HubReader, list[Caps | Unit]]]:
    """A reader and what it has got so far."""
    reader, items = HubReader(run_dir, PATH, Stream.VIDEO), []

    async def follow() -> None:
        async for item in reader.items():
            items.append(item)

    task = asyncio.create_task(follow())
    try:
        yield reader, items
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def wait_units(items: list[Caps | Unit], count: int) -> list[Unit]:
    def enough() -> list[Unit] | None:
        units = [item for item in items if isinstance(item, Unit)]
        return units if len(units) >= count else None

    units: list[Unit] = await eventually(enough, 20, f"{count} units")
    return units


def test_a_reader_joins_at_a_keyframe_at_once(run_dir: Path) -> None:
    with running_source(run_dir, "test", {}) as source:
        source.wait_for("live")
        source.record(70)  # so that joins fall anywhere in a group of pictures
        for _ in range(5):
            began = time.monotonic()
            first = source.record(1)[0]
            assert time.monotonic() - began < 1.0  # the next keyframe is up to two seconds away
            assert first.is_keyframe
            assert 0 <= now_ns() - first.pts_ns < GOP_NS + 0.5e9


def test_a_connection_begins_with_its_caps(run_dir: Path) -> None:
    async def first_items() -> list[Caps | Unit]:
        async with following(run_dir) as (_, items):
            await wait_units(items, 3)
            return items

    with running_source(run_dir, "test", {"width": 640, "height": 360}) as source:
        source.wait_for("live")
        items = asyncio.run(first_items())
    assert isinstance(items[0], Caps)
    assert items[0].field("stream-format") == "byte-stream"
    assert (items[0].field("width"), items[0].field("height")) == ("640", "360")
    assert sum(isinstance(item, Caps) for item in items) == 1


def test_times_mean_the_same_in_every_process(run_dir: Path) -> None:
    with running_source(run_dir, "test", {}) as source:
        source.wait_for("live")
        units = source.record(40)
        assert 0 <= now_ns() - units[-1].pts_ns < 1e9
        frames = frames_from(units)
    assert all(frame.strip and abs(frame.strip.capture_ms - frame.pts_ns / 1e6) <= 1 for frame in frames)


async def test_a_reader_that_stalls_hurts_nobody_and_is_dropped_to_a_keyframe(run_dir: Path) -> None:
    loop = asyncio.get_running_loop()
    async with fast_writer(run_dir):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stalled:
            stalled.setblocking(False)
            await loop.sock_connect(stalled, str(socket_file(run_dir, PATH, Stream.VIDEO)))
            first = await loop.sock_recv(stalled, 1)
            units = await record(run_dir, BEYOND_ALL_BUFFERS, Stream.VIDEO, 60)
            assert 0 <= now_ns() - units[-1].pts_ns < 1e9
            steps_ns = [b.pts_ns - a.pts_ns for a, b in itertools.pairwise(units)]
            assert 0 < min(steps_ns) <= max(steps_ns) < 100e6
            async with asyncio.timeout(20):
                before, after = await first_gap(stalled, first)
    assert after.pts_ns > before.pts_ns
    assert after.is_keyframe


@asynccontextmanager
async def fast_writer(run_dir: Path) -> AsyncIterator[None]:
    """Noise: 150 units a second, each of so many bytes that a socket's buffer holds few of them."""
    pipeline = Pipeline(
        f"videotestsrc is-live=true pattern=snow timestamp-offset={now_ns()} ! "
        "video/x-raw,width=160,height=90,framerate=150/1 ! "
        "x264enc tune=zerolatency speed-preset=ultrafast pass=quant quantizer=4 key-int-max=75 ! "
        "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! "
        f"{writer_text(Stream.VIDEO)}",
        lambda _: None,
    )
    publisher = Publisher(run_dir, PATH, Stream.VIDEO)
    try:
        publisher.listen(pipeline)
        await pipeline.play()
        yield
    finally:
        await pipeline.close()
        await publisher.close()


async def first_gap(reader: socket.socket, begun: bytes) -> tuple[Unit, Unit]:
    """The units before and after the first ones that are missing."""
    loop, parser, last = asyncio.get_running_loop(), WireParser(), None
    parser.feed(begun)
    while data := await loop.sock_recv(reader, 1 << 16):
        for item in parser.feed(data):
            if isinstance(item, Unit):
                if last is not None and abs(item.pts_ns - last.pts_ns) > 100e6:
                    return last, item
                last = item
    raise AssertionError("it was hung up")


def test_a_reader_follows_a_writer_that_dies_and_returns(run_dir: Path) -> None:
    async def both_lives() -> tuple[int, list[Unit]]:
        async with following(run_dir) as (reader, items):
            with running_source(run_dir, "test", {}) as first:
                before = len(await wait_units(items, 20))
                first.kill()
            with running_source(run_dir, "test", {}):
                units = await wait_units(items, before + 60)
            return reader.connections, units

    connections, units = asyncio.run(both_lives())
    assert connections == 2
    assert all(b.pts_ns > a.pts_ns for a, b in itertools.pairwise(units))


def test_a_keyframe_comes_when_a_reader_asks_for_it(run_dir: Path) -> None:
    async def asked() -> tuple[list[Unit], int]:
        async with following(run_dir) as (reader, items):
            await eventually(lambda: _is_amid_a_group(items), 20, "the present, amid a group of pictures")
            units = await wait_units(items, 1)
            seen = len(units)
            reader.request_keyframe()
            return await wait_units(items, seen + 25), seen

    with running_source(run_dir, "test", {}) as source:
        source.wait_for("live")
        units, seen = asyncio.run(asked())
    assert any(unit.is_keyframe for unit in units[seen:])


def _is_amid_a_group(items: list[Caps | Unit]) -> bool:
    units = [item for item in items if isinstance(item, Unit)]
    since = next((index for index, unit in enumerate(reversed(units)) if unit.is_keyframe), 0)
    return 5 <= since <= 20 and now_ns() - units[-1].pts_ns < 0.2e9
