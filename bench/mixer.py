"""What the mixer costs and keeps: four 1080p30 inputs, a 1080p30 programme, a cut or mix every second.

The inputs are one clip of the test picture, encoded beforehand and sent four times at the same instants: so
the strip in the programme must go on by one frame with every frame, whichever input is on air.
"""

import asyncio
import contextlib
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import av
import psutil

from bench.edge import cores_of
from bench.harness import Figure, at_most
from bench.replay import HubWriter
from regie.domain.production import Format, Input, Production, new_production
from regie.domain.strip import read_strip
from regie.domain.transitions import Transition
from regie.hub.clock import now_ns
from regie.hub.paths import Stream
from regie.hub.reader import HubReader
from regie.hub.wire import Unit
from regie.media.encoders import Size, best_encoder, encoder_text
from tests.support.wait import until
from tests.support.worker import Worker, running

FULL = Format(1920, 1080, 30)
FRAME_NS = 1_000_000_000 // 30
CLIP_FRAMES, GOP = 300, 60
INPUTS = ("cam1", "cam2", "cam3", "cam4")
SWITCHING_S = 60
CACHE = Path(tempfile.gettempdir()) / "regie-bench-strip-1080-2.pickle"


def mixer_frames() -> Figure:
    """Programme frames that are missing, late, or show the same source frame twice, of all."""
    with _inputs() as run_dir, _mixer(run_dir) as mixer, _Programme(run_dir) as programme:
        until(lambda: len(programme.units) > 90, 20)
        before = mixer.call("stats")["mixer"]
        start_ns = now_ns()
        _switch(mixer, SWITCHING_S)
        end_ns = now_ns() - 500_000_000
        after = mixer.call("stats")["mixer"]
    strips = programme.strips(start_ns, end_ns)
    steps = [round((b - a) * 30 / 1000) for a, b in pairwise(strips) if a is not None and b is not None]
    wrong = sum(1 for step in steps if step not in (1, 1 - CLIP_FRAMES))
    lost = after["dropped"] - before["dropped"] + after["late"] - before["late"]
    share = 100 * (wrong + lost) / len(strips)
    how = (
        f"{len(strips)} frames over {SWITCHING_S} s, cut or mix every second: "
        f"{lost} missing or late, {wrong} of {len(steps)} readable strips did not go on by one frame"
    )
    return at_most(share, 0.1, "%", how)


def mixer_cpu() -> Figure:
    """The mixer's cores as a multiple of a bare gst-launch that decodes, composes and encodes the same."""
    with _inputs() as run_dir, _mixer(run_dir) as mixer, _Programme(run_dir) as programme:
        until(lambda: len(programme.units) > 90, 20)
        ours = cores_of(mixer.pid, 15.0)
    bare = _bare_cores()
    how = f"mixer {ours:.2f} cores, gst-launch {bare:.2f} cores, 15 s each, four 1080p30 inputs, quad"
    return at_most(ours / bare, 1.25, "× gst-launch", how)


def mixer_cut() -> Figure:
    """Frames from the newest programme frame at the command to the first that shows it, p95."""
    waits: list[float] = []
    with _inputs() as run_dir, _mixer(run_dir) as mixer, _Programme(run_dir) as programme:
        until(lambda: len(programme.units) > 90, 20)
        for _ in range(100):
            newest = programme.units[-1][0]
            waits.append((mixer.call("cut")["at_ns"] - newest) / FRAME_NS)
            until(lambda newest=newest: programme.units[-1][0] > newest + 6 * FRAME_NS, 5)  # type: ignore[misc]
    waits.sort()
    how = (
        f"100 cuts; median {median(waits):.1f}: from the newest frame on the hub to the frame the mixer names"
    )
    return at_most(round(waits[94], 2), 2, "frames", how)


def mixer_latency() -> Figure:
    """What the programme adds to a source's own path, by the strip, both decoded by the same reader."""
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory:
        run_dir = Path(directory)
        source = Worker("src-cam1", "source", run_dir)
        spec = {"path": "src/cam1", "kind": "test", "name": "Stage", "options": {}}
        with running(source, spec), _mixer(run_dir, ("cam1",), Format(1280, 720, 30)):
            own = _ages(run_dir, "src/cam1")
            programme = _ages(run_dir, "pgm/main")
    how = f"source {median(own):.0f} ms, programme {median(programme):.0f} ms from capture to decoded, 720p30"
    return at_most(median(programme) - median(own), 100, "ms", how)


# --- what is measured ---------------------------------------------------------------------------------------


def _switch(mixer: Worker, seconds: float) -> None:
    """A cut or a mix every second, through all inputs and the quad."""
    scenes = [*(f"full-{source}" for source in INPUTS), "quad"]
    began = time.monotonic()
    for second in range(int(seconds)):
        time.sleep(max(0.0, began + second - time.monotonic()))
        scene = scenes[second % len(scenes)]
        if second % 2:
            mixer.call("auto", {"scene": scene, "transition": {"kind": "mix", "duration_ms": 500}})
        else:
            mixer.call("cut", {"scene": scene})


def _production(sources: tuple[str, ...], form: Format) -> Production:
    made = new_production("main", "Main", [Input(source, source) for source in sources])
    first = "quad" if len(sources) == 4 else made.programme
    return replace(made, format=form, programme=first, transition=Transition(duration_ms=500))


@contextlib.contextmanager
def _mixer(run_dir: Path, sources: tuple[str, ...] = INPUTS, form: Format = FULL) -> Iterator[Worker]:
    mixer = Worker("mix-main", "mixer", run_dir)
    with running(mixer, {"production": _production(sources, form).to_wire()}):
        until(
            lambda: all(each["picture"] == "live" for each in mixer.call("desk")["desk"]["inputs"].values()),
            20,
        )
        yield mixer


@contextlib.contextmanager
def _inputs() -> Iterator[Path]:
    _clip()
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory:
        process = subprocess.Popen([sys.executable, "-m", "bench.mixer", directory, *INPUTS])
        try:
            yield Path(directory)
        finally:
            process.kill()
            process.wait(10)


class _Programme:
    """All units of the programme with the time each came, gathered in a process of its own."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self.units: list[tuple[int, bytes, int]] = []

    def __enter__(self) -> "_Programme":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    async def _read(self) -> None:
        async for item in HubReader(self._run_dir, "pgm/main", Stream.VIDEO).items():
            if isinstance(item, Unit):
                self.units.append((item.pts_ns, item.data, now_ns()))
            if self._stop.is_set():
                return

    def strips(self, start_ns: int, end_ns: int) -> list[int | None]:
        """The strips of all frames of that time; None where it is too small to be read."""
        decoder: Any = av.CodecContext.create("h264", "r")
        found = []
        for pts_ns, data, _ in self.units:
            for frame in decoder.decode(av.Packet(data)):
                if start_ns <= pts_ns < end_ns:
                    found.append(_strip(frame))
        return found


def _strip(frame: Any) -> int | None:
    luma = frame.reformat(format="gray").to_ndarray()
    return read_strip(luma[: luma.shape[0] // 4].tolist())


def _ages(run_dir: Path, path: str, count: int = 150) -> list[float]:
    """From capture to decoded, in ms."""

    async def read() -> list[float]:
        decoder: Any = av.CodecContext.create("h264", "r")
        ages: list[float] = []
        async for item in HubReader(run_dir, path, Stream.VIDEO).items():
            if not isinstance(item, Unit):
                continue
            for frame in decoder.decode(av.Packet(item.data)):
                decoded_ns = now_ns()
                strip = _strip(frame)
                if strip is not None:
                    ages.append(decoded_ns / 1e6 - strip)
            if len(ages) >= count + 60:  # the first are kept for new readers, and old
                break
        return ages[60:]

    return asyncio.run(read())


def _bare_cores() -> float:
    """The same decoders, compositor and encoder, in a pipeline of gst-launch."""
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory:
        clip = Path(directory) / "clip.h264"
        clip.write_bytes(b"".join(_clip()) * 4)
        encoder = encoder_text(best_encoder(), Size(1920, 1080, 30), quickly=False)
        places = [(0, 0), (960, 0), (0, 540), (960, 540)]
        pads = " ".join(
            f"sink_{n}::xpos={x} sink_{n}::ypos={y} sink_{n}::width=960 sink_{n}::height=540"
            for n, (x, y) in enumerate(places)
        )
        inputs = " ".join(
            f"filesrc location={clip} ! h264parse ! video/x-h264,framerate=30/1 ! "
            f"avdec_h264 max-threads=1 thread-type=slice ! queue ! mix.sink_{number}"
            for number in range(4)
        )
        text = (
            f"compositor name=mix background=black max-threads=2 {pads} ! "
            "video/x-raw,format=I420,width=1920,height=1080,framerate=30/1 ! queue ! "
            f"{encoder} ! fakesink sync=true {inputs}"
        )
        process = subprocess.Popen(["gst-launch-1.0", "-q", *text.split()], stdout=subprocess.DEVNULL)
        try:
            time.sleep(3.0)
            return cores_of(process.pid, 15.0)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            process.wait(10)


# --- the inputs ---------------------------------------------------------------------------------------------


def _clip() -> list[bytes]:
    """Ten seconds of the test picture in 1080p30, as a source worker encodes them."""
    if CACHE.exists():
        loaded: list[bytes] = pickle.loads(CACHE.read_bytes())  # noqa: S301 - written by ourselves, below
        return loaded
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory:
        run_dir = Path(directory)
        source = Worker("src-cam1", "source", run_dir)
        options = {"width": 1920, "height": 1080, "fps": 30}
        with running(source, {"path": "src/cam1", "kind": "test", "name": "Stage", "options": options}):
            units = asyncio.run(_recorded(run_dir))
    CACHE.write_bytes(pickle.dumps(units))
    return units


async def _recorded(run_dir: Path) -> list[bytes]:
    """A whole number of groups of pictures without a frame missing."""
    units: list[Unit] = []
    async for item in HubReader(run_dir, "src/cam1", Stream.VIDEO).items():
        if not isinstance(item, Unit):
            continue
        if units and round((item.pts_ns - units[-1].pts_ns) * 30 / 1e9) != 1:
            units.clear()
        if units or item.is_keyframe:
            units.append(item)
        if len(units) == CLIP_FRAMES:
            break
    return [unit.data for unit in units]


def _send(run_dir: Path, paths: list[str]) -> None:
    """The clip in real time, for ever, each frame stamped with its instant, on the grid of whole seconds."""
    writers = [HubWriter(run_dir, f"src/{path}") for path in paths]
    clip = _clip()
    start_ns = (now_ns() // 1_000_000_000 + 1) * 1_000_000_000
    number = 0
    while True:
        at_ns = start_ns + number * 1_000_000_000 // 30
        if (wait_ns := at_ns - now_ns()) > 0:
            time.sleep(wait_ns / 1e9)
        for writer in writers:
            writer.send(Stream.VIDEO, number % GOP, clip[number % CLIP_FRAMES], at_ns)
        number += 1


if __name__ == "__main__":
    _send(Path(sys.argv[1]), sys.argv[2:])
