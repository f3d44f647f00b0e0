"""What the edge costs and carries: CPU for 80 viewers, the same for Janus, and how many viewers it bears.

Sender, edge and receivers are processes of their own on the same machine; the stream is a clip of 720p30 at
2 Mbit/s with Opus, encoded beforehand so that no encoder takes part.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench.harness import Figure, at_least, at_most
from bench.janus import in_own_network, reachable_address, running_janus, unusable
from bench.media import VIDEO_BITRATE, clip
from regie.domain.errors import Unavailable
from tests.support.net import free_udp_port
from tests.support.worker import Worker, running

PATH = "src/bench"
VIEWERS = 80
MEASURE_S = 10.0
SETTLE_S = 3.0
MAX_ADDED_MS = 50.0
RAMP_STEP, RAMP_END, RAMP_S = 20, 600, 5.0
VIEWERS_WANTED = 160


def edge_cpu_80_viewers() -> Figure:
    """Cores one edge process takes for 80 viewers."""
    cores = _edge_cores()
    return at_most(
        cores, 0.55, "cores", f"user + system time of the edge over {MEASURE_S:g} s, {VIEWERS} viewers"
    )


def edge_cpu_vs_janus() -> Figure:
    """The edge's cores as a share of Janus', same stream, same receivers, same run."""
    if (why := unusable()) is not None:
        return {"value": None, "unit": "", "limit": 0.5, "ok": None, "how": why}
    command = in_own_network(sys.executable, "-m", "bench.edge")
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    edge, janus = json.loads(said)
    how = f"edge {edge:.3f} cores, Janus {janus:.3f} cores for {VIEWERS} viewers each"
    return at_most(edge / janus, 0.5, "× Janus", how)


def edge_max_viewers() -> Figure:
    """Viewers one edge carries while the 95th percentile of the delay it adds stays under 50 ms."""
    carried, end = 0, f"none of {RAMP_END} was too many"
    with _edge() as (edge, receivers):
        for count in range(RAMP_STEP, RAMP_END + 1, RAMP_STEP):
            if (too_many := _too_many(edge, receivers, count)) is not None:
                end = f"{count} were too many: {too_many}"
                break
            carried = count
    return at_least(
        carried,
        VIEWERS_WANTED,
        "viewers",
        f"each gets the stream, 95 of 100 frames sent within {MAX_ADDED_MS:g} ms; {end}",
    )


def _too_many(edge: Worker, receivers: "Receivers", count: int) -> str | None:
    """Add a step of viewers; why they are more than the edge carries, None where it carries them."""
    try:
        receivers.connect(RAMP_STEP)
        time.sleep(SETTLE_S)
        edge.call("reset")
        time.sleep(RAMP_S)
        stats = edge.call("stats")
        receivers.check()
    except (RuntimeError, Unavailable) as error:
        return str(error)
    path = stats["paths"][PATH]
    p95 = path["age_ms"]["p95"]
    print(f"  {count} viewers: {path['viewers']} there, p95 {p95} ms", file=sys.stderr, flush=True)
    if path["viewers"] < count:
        return f"only {path['viewers']} were still there"
    if p95 is None:
        return "nothing was sent"
    return f"95 of 100 within {p95:.0f} ms" if p95 > MAX_ADDED_MS else None


class Receivers:
    """The process with the receivers."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.receivers", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def connect(self, count: int) -> None:
        self._ask(str(count))

    def check(self) -> None:
        """Every one of them gets the stream, or the measurement means nothing."""
        bitrates = self._ask("count")["bitrates"]
        low = [rate for rate in bitrates if rate < VIDEO_BITRATE / 2]
        if low:
            raise RuntimeError(f"{len(low)} of {len(bitrates)} receivers get less than half of the stream")

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        reply = self._process.stdout.readline()
        if not reply:
            raise RuntimeError("the receivers ended, see above")
        return json.loads(reply)


@contextlib.contextmanager
def _edge() -> Iterator[tuple[Worker, Receivers]]:
    clip()
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory, contextlib.ExitStack() as stack:
        run_dir = Path(directory)
        stack.enter_context(_process("bench.replay", "hub", directory, PATH))
        spec = {"port": free_udp_port(), "bind": "127.0.0.1", "max_viewers": 10_000}
        edge = stack.enter_context(running(Worker("edge-0", "edge", run_dir), spec))
        receivers = Receivers("edge", str(edge.directory / "control.sock"), PATH)
        stack.callback(receivers.close)
        yield edge, receivers


def _edge_cores() -> float:
    with _edge() as (edge, receivers):
        receivers.connect(VIEWERS)
        time.sleep(SETTLE_S)
        cores = cores_of(edge.pid)
        receivers.check()
        return cores


def _janus_cores() -> float:
    clip()
    with contextlib.ExitStack() as stack:
        janus = stack.enter_context(running_janus())
        stack.enter_context(_process("bench.replay", "rtp", str(janus.video_port), str(janus.audio_port)))
        receivers = Receivers("janus", janus.url, reachable_address())
        stack.callback(receivers.close)
        receivers.connect(VIEWERS)
        time.sleep(SETTLE_S)
        cores = cores_of(janus.process.pid)
        receivers.check()
        return cores


def cores_of(pid: int, seconds: float = MEASURE_S) -> float:
    """Cores a process takes."""
    process = psutil.Process(pid)
    start, before = time.monotonic(), process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / (time.monotonic() - start)


@contextlib.contextmanager
def _process(module: str, *arguments: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":  # in the network of its own: the edge's cores, and Janus'
    print(json.dumps([_edge_cores(), _janus_cores()]))
