"""What a source costs: its hop over the hub, and a camera that is passed through."""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.harness import Figure, at_most
from regie.hub.clock import now_ns
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, writer_text
from regie.hub.reader import HubReader
from regie.hub.wire import Unit
from tests.media.sources.cameras import AV, camera_with
from tests.media.sources.rig import PATH, Source, running_source
from tests.media.sources.test_rtsp import camera

FRAMES = 300
SKIPPED = 60  # the first come at once, from the last keyframe on
HOP_PICTURE = (
    "videotestsrc is-live=true do-timestamp=true pattern=ball ! "
    "video/x-raw,format=I420,width=1280,height=720,framerate=30/1 ! queue"
)
HOP_ENCODER = (
    "x264enc name=encoder tune=zerolatency speed-preset=superfast bitrate=2000 key-int-max=60 threads=1 ! "
    "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au"
)
SETTLE_S, MEASURE_S = 8.0, 20.0
HOP_LIMIT_MS, CPU_LIMIT_CORES, RSS_LIMIT_MB = 10.0, 0.05, 90.0


async def hub_hop() -> Figure:
    """From the encoder's input to a reader in another process: x264, the socket, the parser."""
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory:
        run_dir = Path(directory)
        given_ns: dict[int, int] = {}

        def on_frame(_: Any, info: Any) -> Any:
            given_ns[info.get_buffer().pts] = now_ns()
            return Gst.PadProbeReturn.OK

        pipeline = Pipeline(f"{HOP_PICTURE} ! {HOP_ENCODER} ! {writer_text(Stream.VIDEO)}", lambda _: None)
        pipeline["encoder"].get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_frame)
        publisher = Publisher(run_dir, PATH, Stream.VIDEO)
        publisher.listen(pipeline)
        await pipeline.play()
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as reader:
            arrivals = await asyncio.get_running_loop().run_in_executor(reader, _arrivals, run_dir)
        await pipeline.close()
        await publisher.close()
    hops_ms = [(at_ns - _nearest(given_ns, pts_ns)) / 1e6 for pts_ns, at_ns in arrivals[SKIPPED:]]
    return at_most(
        statistics.median(hops_ms),
        HOP_LIMIT_MS,
        "ms",
        f"median of {len(hops_ms)} frames of 720p30 from x264's input to a reader in another process; "
        f"95 of 100 within {statistics.quantiles(hops_ms, n=20)[-1]:.1f} ms",
    )


def rtsp_source_cpu() -> Figure:
    """Processor time of a worker that passes a 720p30 camera with Opus through, while nobody watches."""
    with _passing_camera() as source:
        process = psutil.Process(source.pid)
        before, began = sum(process.cpu_times()[:2]), time.monotonic()
        time.sleep(MEASURE_S)
        cores = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
        how = _how(source)
    return at_most(cores, CPU_LIMIT_CORES, "cores", f"{how}, over {MEASURE_S:.0f} s")


def source_rss() -> Figure:
    """Resident memory of the same worker."""
    with _passing_camera() as source:
        megabytes = psutil.Process(source.pid).memory_info().rss / 1e6
        how = _how(source)
    return at_most(megabytes, RSS_LIMIT_MB, "MB", how)


def _nearest(given_ns: Mapping[int, int], pts_ns: int) -> int:
    """When the frame of this time was given: x264 rounds times."""
    return given_ns[min(given_ns, key=lambda given: abs(given - pts_ns))]


def _arrivals(run_dir: Path) -> list[tuple[int, int]]:
    """In the reader's process: each unit's time, and when it had come."""

    async def read() -> list[tuple[int, int]]:
        seen: list[tuple[int, int]] = []
        async for item in HubReader(run_dir, PATH, Stream.VIDEO).items():
            if isinstance(item, Unit):
                seen.append((item.pts_ns, now_ns()))
            if len(seen) == FRAMES + SKIPPED:
                break
        return seen

    return asyncio.run(read())


@contextmanager
def _passing_camera() -> Iterator[Source]:
    with (
        tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory,
        camera(camera_with(AV.replace("bitrate=3000", "bitrate=2000"), 1280, 720)) as port,
        running_source(Path(directory), "rtsp", {"url": f"rtsp://127.0.0.1:{port}/cam"}) as source,
    ):
        source.wait_for("live")
        time.sleep(SETTLE_S)
        yield source


def _how(source: Source) -> str:
    video = source.stats()["video"]
    return (
        f"a camera of {video['width']}x{video['height']} at {video['fps']:.0f} frames and "
        f"{video['bitrate'] / 1e6:.1f} Mbit/s with Opus over UDP, passed through, no reader"
    )
