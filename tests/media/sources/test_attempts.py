"""Attempts leave nothing behind: a camera that is off for a night is tried some thousand times."""

import asyncio
import gc
import socket
from pathlib import Path

import psutil
import pytest

from regie.domain.workers import Json, WorkerState
from regie.media.ingest import Ingest, Order
from regie.protocols.source import checked_options, source_kind
from tests.media.sources.clip import write_clip
from tests.support.net import free_port, free_udp_port
from tests.support.wait import eventually

WARM_UP = 4  # what is loaded once


@pytest.mark.parametrize(
    ("kind", "reached", "attempts"),
    [("rtsp", "", 50), ("rtp", "waiting", 16), ("test", "live", 8), ("file", "live", 8)],
)
async def test_attempts_leave_nothing_behind(
    run_dir: Path, tmp_path: Path, kind: str, reached: str, attempts: int
) -> None:
    write_clip(tmp_path / "clip.mp4")
    all_options: dict[str, Json] = {
        "rtsp": {"url": f"rtsp://127.0.0.1:{free_port()}/cam"},
        "rtp": {"video_port": free_udp_port(), "listen": "127.0.0.1"},
        "test": {"width": 320, "height": 180},
        "file": {"path": "clip.mp4"},
    }
    options = checked_options(kind, all_options[kind], tmp_path)
    order = Order(run_dir, "src/cam", "Cam", tmp_path, source_kind(kind), options)
    files, memory = [], []
    for _ in range(WARM_UP + attempts):
        await attempt(order, reached)
        gc.collect()
        files.append(psutil.Process().num_fds())
        memory.append(psutil.Process().memory_info().rss)
    assert max(files[WARM_UP:]) <= files[WARM_UP - 1]
    assert memory[-1] - memory[WARM_UP - 1] < 8e6


async def attempt(order: Order, reached: str) -> None:
    told: list[str] = []

    def tell(state: WorkerState, reason: str) -> None:
        told.append(f"{state} {reason}")

    ingest = Ingest(order, tell)
    running = asyncio.create_task(ingest.run())
    try:
        if reached:
            await eventually(lambda: any(reached in line for line in told), 20)
        else:
            assert "does not answer" in (await asyncio.wait_for(running, 20)).reason
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await ingest.close()


async def test_the_ports_of_an_attempt_are_free_when_it_is_over(run_dir: Path, tmp_path: Path) -> None:
    port = free_udp_port()
    options = checked_options("rtp", {"video_port": port, "listen": "127.0.0.1"}, tmp_path)
    order = Order(run_dir, "src/cam", "Cam", tmp_path, source_kind("rtp"), options)
    await attempt(order, "waiting")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        gc.collect()
        assert other.getsockname()[1] == port  # nobody closed it a second time
