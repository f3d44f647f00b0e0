"""Ears for the mixer's tests: every sample of a path with its time, and the news a worker tells."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from regie.domain.workers import Json
from regie.hub.clock import now_ns
from regie.hub.paths import Stream
from regie.hub.reader import HubReader
from regie.hub.wire import Unit
from regie.link.client import events
from tests.support.wait import until

RATE = 48_000
OPUS_DELAY_NS = 6_500_000  # what an encoder puts before the first sample: a decoder that skips none is late


@contextmanager
def in_thread(work: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Run it in a loop of its own; what it raised is raised at the end."""
    loop = asyncio.new_event_loop()
    failures: list[BaseException] = []
    task = loop.create_task(_noting(work, failures))

    def run() -> None:
        loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_asyncgens())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        loop.close()
    assert failures == []


async def _noting(work: Callable[[], Awaitable[None]], failures: list[BaseException]) -> None:
    try:
        await work()
    except asyncio.CancelledError:
        return
    except BaseException as error:
        failures.append(error)


class Ear:
    """Listens to a path in stereo."""

    def __init__(self, run_dir: Path, path: str) -> None:
        self._run_dir, self._path = run_dir, path
        self._blocks: list[tuple[int, NDArray[np.float32]]] = []
        self.ages_ms: list[float] = []

    @property
    def heard_until_ns(self) -> int:
        return self._blocks[-1][0] if self._blocks else 0

    def between(self, start_ns: int, end_ns: int) -> NDArray[np.float32]:
        """The samples of this time, two columns, once they have come."""
        until(lambda: self.heard_until_ns >= end_ns, 10, f"{self._path} is heard until then")
        return np.concatenate([block for at, block in self._blocks if start_ns <= at < end_ns])

    def loudest(self, start_ns: int, end_ns: int) -> tuple[float, float]:
        """Each side's amplitude."""
        left, right = np.abs(self.between(start_ns, end_ns)).max(axis=0)
        return float(left), float(right)

    async def listen(self) -> None:
        reader = HubReader(self._run_dir, self._path, Stream.AUDIO)
        decoder: Any = None
        connection = 0
        async for item in reader.items():
            if reader.connections != connection:
                connection = reader.connections
                decoder = av.CodecContext.create("opus", "r")
            if not isinstance(item, Unit):
                continue
            self.ages_ms.append((now_ns() - item.pts_ns) / 1e6)
            for frame in decoder.decode(av.Packet(item.data)):
                samples = frame.to_ndarray().astype(np.float32)
                stereo = samples.T if samples.shape[0] > 1 else samples.reshape(-1, 2)
                self._blocks.append((item.pts_ns - OPUS_DELAY_NS, stereo))


@contextmanager
def listening(run_dir: Path, path: str) -> Iterator[Ear]:
    ear = Ear(run_dir, path)
    with in_thread(ear.listen):
        until(lambda: ear.heard_until_ns, 10, f"{path} is heard")
        yield ear


class News:
    """What a worker tells."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self.told: list[tuple[int, str, Json]] = []
        self.begun = False

    def of(self, event: str, since_ns: int = 0) -> list[Json]:
        return [data for at, name, data in self.told if name == event and at >= since_ns]

    async def follow(self) -> None:
        async for event, data in events(self._control):
            self.begun = True
            self.told.append((now_ns(), event, data))


@contextmanager
def news(control: Path) -> Iterator[News]:
    told = News(control)
    with in_thread(told.follow):
        until(lambda: told.begun, 5, "the worker tells its news")
        yield told
