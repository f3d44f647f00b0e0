"""What the mixer's tests stand on: sources of one colour, a real mixer, a viewer that sees every frame."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from regie.domain.production import Format, Input, Production, new_production
from regie.domain.sound import Strip
from regie.domain.workers import Json
from regie.hub.clock import now_ns
from regie.hub.paths import Stream, socket_file
from regie.hub.reader import HubReader
from regie.hub.wire import Unit
from tests.support.wait import until
from tests.support.worker import Worker, running

SMALL = Format(640, 360, 30)
TONES = {"red": 500, "green": 1000, "blue": 2000, "white": 4000}
SHADES = {"red": (200, 30, 30), "green": (30, 180, 30), "blue": (30, 60, 220), "white": (230, 230, 230)}


class ColourSource:
    """One source process."""

    def __init__(self, run_dir: Path, colour: str) -> None:
        self.run_dir, self.colour = run_dir, colour
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> str:
        return f"src/{self.colour}"

    def start(self, width: int = 320, height: int = 180, fps: int = 30, blink_s: float = 0) -> None:
        spec = {
            "run_dir": str(self.run_dir),
            "path": self.path,
            "colour": self.colour,
            "tone_hz": TONES[self.colour],
            "width": width,
            "height": height,
            "fps": fps,
            "blink_s": blink_s,
        }
        self.process = subprocess.Popen([sys.executable, "-m", "tests.media.mix.colour", json.dumps(spec)])
        until(socket_file(self.run_dir, self.path, Stream.VIDEO).exists, 10, f"{self.colour} on the hub")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            socket_file(self.run_dir, self.path, Stream.VIDEO).unlink(missing_ok=True)


@dataclass(frozen=True)
class Frame:
    """A programme frame: its time, when it came, and its picture as small RGB."""

    pts_ns: int
    came_ns: int
    rgb: NDArray[np.uint8]

    def at(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour around a place given as fractions of the picture."""
        height, width, _ = self.rgb.shape
        column, row = int(x * width), int(y * height)
        patch = self.rgb[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        red, green, blue = patch.reshape(-1, 3).mean(axis=0)
        return int(red), int(green), int(blue)

    def is_colour(self, colour: str, x: float = 0.5, y: float = 0.5) -> bool:
        wanted = SHADES.get(colour, (0, 0, 0))
        return all(abs(a - b) < 28 for a, b in zip(self.at(x, y), wanted, strict=True))


class Viewer:
    """Decodes everything of the programme, with a decoder that is not ours."""

    def __init__(self, run_dir: Path, path: str = "pgm/main") -> None:
        self.frames: list[Frame] = []
        self.sound: list[tuple[int, NDArray[np.float32]]] = []
        self.run_dir, self._path = run_dir, path
        self.failure: BaseException | None = None
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()))
        self._thread.start()

    def close(self) -> None:
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def frame_at(self, pts_ns: int) -> Frame:
        """The frame of this time, once it has come."""
        return until(
            lambda: next((f for f in self.frames if abs(f.pts_ns - pts_ns) < 1_000_000), None),
            10,
            f"the frame of {pts_ns}",
        )

    def missing(self, since_ns: int = 0) -> list[int]:
        """The gaps between frames, in frames."""
        times = [frame.pts_ns for frame in self.frames if frame.pts_ns >= since_ns]
        return [round((b - a) * 30 / 1e9) - 1 for a, b in pairwise(times) if b - a > 4e7]

    def tones(self, start_ns: int, end_ns: int) -> set[str]:
        """Which sources are heard between two times."""
        parts = [block for at, block in self.sound if start_ns <= at < end_ns]
        samples = np.concatenate(parts) if parts else np.zeros(1024, np.float32)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / (len(samples) / 4)
        return {
            name
            for name, hz in TONES.items()
            if spectrum[max(round(hz * len(samples) / 48000) - 3, 0) :][:7].max() > 0.01
        }

    async def _watch(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks = [asyncio.create_task(self._follow(stream)) for stream in Stream]
        stopping = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        self.failure = next((task.exception() for task in done if task is not stopping), None)
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)

    async def _follow(self, stream: Stream) -> None:
        reader = HubReader(self.run_dir, self._path, stream)
        decoder: Any = None
        connection = 0
        async for item in reader.items():
            if reader.connections != connection:
                connection = reader.connections
                decoder = av.CodecContext.create("h264" if stream is Stream.VIDEO else "opus", "r")
            if isinstance(item, Unit):
                for frame in decoder.decode(av.Packet(item.data)):
                    self._keep(stream, item.pts_ns, frame)

    def _keep(self, stream: Stream, pts_ns: int, frame: Any) -> None:
        if stream is Stream.VIDEO:
            rgb = frame.reformat(160, 90, "rgb24").to_ndarray()
            self.frames.append(Frame(pts_ns, now_ns(), rgb))
        else:
            samples = frame.to_ndarray().astype(np.float32)
            self.sound.append((pts_ns, samples[0] if samples.shape[0] > 1 else samples.reshape(-1, 2)[:, 0]))


@dataclass
class Show:
    """A running production of coloured sources."""

    mixer: Worker
    sources: dict[str, ColourSource]
    viewer: Viewer
    production: Production

    def do(self, name: str, **args: Any) -> Json:
        answer: Json = self.mixer.call(name, args)
        return answer

    @property
    def spec(self) -> Json:
        return {"production": self.production.to_wire(), "stills": str(self.stills)}

    @property
    def stills(self) -> Path:
        return self.viewer.run_dir / "stills"

    def change(self, **changes: Any) -> None:
        self.production = replace(self.production, **changes)
        self.mixer.call("apply", {"spec": self.spec})

    def picture_of(self, source: str) -> str:
        return str(self.do("desk")["desk"]["inputs"][source]["picture"])


@contextlib.contextmanager
def running_show(run_dir: Path, *colours: str, blink_s: float = 0, **changes: Any) -> Iterator[Show]:
    """Sources, a mixer that shows them, and a viewer that has seen the first of them.

    With `blink_s`, the last source and its tone go on and off at that interval.
    """
    sources = {colour: ColourSource(run_dir, colour) for colour in colours}
    production = new_production("main", "Main", [Input(colour, colour.title()) for colour in colours])
    heard = {colour: Strip() for colour in colours} | changes.pop("strips", {})
    production = replace(production, strips=heard, **{"format": SMALL, **changes})
    viewer: Viewer | None = None
    with contextlib.ExitStack() as stack:
        for colour, source in sources.items():
            stack.callback(source.kill)
            source.start(blink_s=blink_s if colour == colours[-1] else 0)
        mixer = Worker("mix-main", "mixer", run_dir)
        viewer = Viewer(run_dir)
        stack.callback(viewer.close)
        show = Show(mixer, sources, viewer, production)
        stack.enter_context(running(mixer, show.spec))
        until(lambda: all(show.picture_of(colour) == "live" for colour in colours), 15, "all inputs live")
        stack.callback(_no_failure, viewer)
        until(lambda: viewer.frames and viewer.frames[-1].is_colour(colours[0]), 15, "the first on air")
        yield show


def _no_failure(viewer: Viewer) -> None:
    assert viewer.failure is None, viewer.failure
