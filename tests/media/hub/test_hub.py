"""The hub between real writers and readers: who joins when, who may stall, and who may die."""

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from regie.hub.clock import now_ns
from regie.hub.paths import Stream, socket_file
from regie.hub.reader import HubReader
from regie.hub.wire import Caps, Unit
from tests.media.sources.rig import PATH, frames_from, running_source
from tests.support.wait import eventually, until

GOP_NS = 2_000_000_000


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
            assert now_ns() - first.pts_ns < GOP_NS + 0.5e9


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
        frames = frames_from(source.record(40))
    assert all(frame.strip and abs(frame.strip.capture_ms - frame.pts_ns / 1e6) <= 1 for frame in frames)


def test_a_reader_that_stalls_hurts_nobody_and_is_dropped_to_a_keyframe(run_dir: Path) -> None:
    with running_source(run_dir, "test", {"fps": 60}) as source:
        source.wait_for("live")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stalled:
            stalled.connect(str(socket_file(run_dir, PATH, Stream.VIDEO)))
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            until(lambda: source.stats()["video"]["readers"] == 1, what="the stalled reader is there")
            units = source.record(240)
            assert all(b.pts_ns > a.pts_ns for a, b in itertools.pairwise(units))
            steps_ms = [(b.pts_ns - a.pts_ns) / 1e6 for a, b in itertools.pairwise(units)]
            assert sum(step < 18 for step in steps_ms) > 0.7 * len(steps_ms)
            assert source.call("status")["state"] == "live"


def test_a_reader_follows_a_writer_that_dies_and_returns(run_dir: Path) -> None:
    async def both_lives() -> tuple[int, list[Unit]]:
        async with following(run_dir) as (reader, items):
            with running_source(run_dir, "test", {}) as first:
                before = len(await wait_units(items, 20))
                first.process.kill()
                first.process.wait()
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
