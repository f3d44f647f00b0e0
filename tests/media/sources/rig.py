"""A real source worker in a process of its own, and what a viewer would see and hear of its path.

What comes from the hub is decoded with PyAV, which shares no code with what is tested.
"""

import asyncio
import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from regie.domain.beep import beep_onsets
from regie.domain.strip import Reading, read
from regie.domain.workers import Json
from regie.hub.paths import Stream
from regie.hub.reader import HubReader
from regie.hub.wire import Unit
from tests.support.wait import until
from tests.support.worker import Worker

ROOT = Path(__file__).parents[3]
PATH = "src/cam"
DEADLINE_S = 30.0


class Source(Worker):
    """A running worker, and what it puts on the hub."""

    def wait_for(self, state: str, reason: str = "", timeout_s: float = DEADLINE_S) -> Json:
        """The status, once the worker is in this state with these words in its reason."""

        def reached() -> Json | None:
            status: Json = self.call("status")
            if status["state"] == state and reason in status["reason"]:
                return status
            raise AssertionError(f"{status['state']}: {status['reason']}")

        return until(reached, timeout_s, f"{state} {reason!r}")

    def stats(self) -> Json:
        figures: Json = self.call("stats")["paths"][PATH]
        return figures

    def record(self, count: int, stream: Stream = Stream.VIDEO, timeout_s: float = DEADLINE_S) -> list[Unit]:
        return asyncio.run(record(self.run_dir, count, stream, timeout_s))

    def record_both(self, seconds: float) -> tuple[list[Unit], list[Unit]]:
        return asyncio.run(record_both(self.run_dir, seconds))


@contextmanager
def running_source(
    run_dir: Path, kind: str, options: Json, media_dir: Path = Path("/nonexistent")
) -> Iterator[Source]:
    """The worker, once it answers; it must end when it is told to, and have no traceback to tell."""
    source = Source("src-cam", "source", run_dir)
    name = "Camera <1> & co"
    spec = {"path": PATH, "name": name, "kind": kind, "options": options, "media_dir": str(media_dir)}
    source.start(spec, live=False)
    try:
        until(lambda: source.call("status"), DEADLINE_S, "the worker answers")
        yield source
    finally:
        died = not source.alive  # the test killed it
        source.process.terminate()
        try:
            assert source.wait() == 0 or died, source.log
        finally:
            source.kill()
    assert "Traceback" not in source.log, source.log


@contextmanager
def peer(*command: str, ready: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A program the worker talks to; with `ready`, once it has said so."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE if ready else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if process.stdout is not None:
            assert process.stdout.readline().decode().strip() == ready
        yield process
    finally:
        process.kill()
        process.wait(10)


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, timeout=120)


async def record(run_dir: Path, count: int, stream: Stream, timeout_s: float) -> list[Unit]:
    reader, units = HubReader(run_dir, PATH, stream), []
    async with asyncio.timeout(timeout_s):
        async for item in reader.items():
            if isinstance(item, Unit):
                units.append(item)
            if len(units) >= count:
                break
    return units


async def record_both(run_dir: Path, seconds: float) -> tuple[list[Unit], list[Unit]]:
    """Both streams over the same span of running time, which begins with the video's next keyframe."""
    video: list[Unit] = []
    audio: list[Unit] = []

    async def collect(stream: Stream, units: list[Unit]) -> None:
        async for item in HubReader(run_dir, PATH, stream).items():
            if isinstance(item, Unit):
                units.append(item)
                if video and units[-1].pts_ns > video[0].pts_ns + seconds * 1e9:
                    return

    async with asyncio.timeout(DEADLINE_S + seconds):
        await asyncio.gather(collect(Stream.VIDEO, video), collect(Stream.AUDIO, audio))
    return video, audio


@dataclass(frozen=True)
class Frame:
    """A decoded frame and when it was made."""

    pts_ns: int
    luma: NDArray[Any]
    rgb: NDArray[Any]

    @property
    def strip(self) -> Reading | None:
        return read([bytes(row) for row in self.luma[: self.luma.shape[0] // 3]])


def frames_from(units: list[Unit]) -> list[Frame]:
    decoder = av.CodecContext.create("h264", "r")
    frames = []
    for unit in itertools.chain(units, [None]):
        packet = None
        if unit is not None:
            packet = av.Packet(unit.data)
            packet.pts = packet.dts = unit.pts_ns // 1000
        for frame in decoder.decode(packet):
            mean = frame.to_ndarray(format="rgb24").reshape(-1, 3).mean(axis=0)
            frames.append(Frame((frame.pts or 0) * 1000, frame.to_ndarray(format="gray"), mean))
    return frames


@dataclass(frozen=True)
class Sound:
    """Decoded sound: one channel at 48 kHz, and the running time of its first sample."""

    start_ns: int
    samples: NDArray[np.float32]

    @property
    def loudest_hz(self) -> float:
        spectrum = np.abs(np.fft.rfft(self.samples * np.hanning(len(self.samples))))
        return float(np.argmax(spectrum) * 48000 / len(self.samples))

    @property
    def beeps_ns(self) -> list[int]:
        return beep_onsets(self.samples.tolist(), self.start_ns)

    @property
    def level(self) -> float:
        return float(np.sqrt(np.mean(self.samples**2)))


def sound_from(units: list[Unit]) -> Sound:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate = 48000
    decoder.layout = "stereo"
    decoder.open()
    resampler = av.AudioResampler("fltp", "mono", 48000)
    parts = []
    for unit in units:
        for frame in decoder.decode(av.Packet(unit.data)):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    return Sound(units[0].pts_ns, np.concatenate(parts))
