"""What the engine does with a worker that misbehaves on its control socket."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from regie.domain.workers import Json, WorkerSpec
from regie.engine.directory import Identity, WorkerDirectory
from regie.engine.process import sample
from regie.engine.worker import Launcher, Worker
from regie.link.server import LinkServer
from tests.support.wait import eventually


async def live(_: Json) -> Json:
    return {"state": "live"}


async def nothing(_: Json) -> Json:
    return {}


@pytest.fixture
async def link(run_dir: Path) -> AsyncIterator[LinkServer]:
    """The worker's end, in the hands of the test."""
    directory = WorkerDirectory(run_dir, "cam")
    directory.create()
    link = LinkServer(directory.socket, {"status": live, "stats": nothing})
    await link.start()
    yield link
    await link.close()


@pytest.fixture
async def worker(run_dir: Path, link: LinkServer) -> AsyncIterator[Worker]:
    """The engine's end: it adopted a process whose socket is `link`."""
    process = subprocess.Popen(["sleep", "60"])
    found = sample(process.pid)
    assert found is not None
    directory = WorkerDirectory(run_dir, "cam")
    directory.write_spec(WorkerSpec("cam", "tiny"))
    directory.write_identity(Identity("cam", "tiny", process.pid, found.start_ticks, "build"))
    launcher = Launcher("build", lambda _: [], lambda _: os.environ, asyncio.Semaphore())
    worker = Worker(directory, launcher, lambda _: None, lambda _: None)
    assert worker.adopt() is True
    await eventually(lambda: worker.status()["state"] == "live", 5, f"adopted, listening at {link.path}")
    yield worker
    worker.release()
    process.kill()
    process.wait()


async def test_a_report_that_nobody_understands_makes_the_engine_deaf_to_none_that_follows(
    worker: Worker, link: LinkServer
) -> None:
    link.publish("report", {"state": "ecstatic"})

    async def understood() -> bool:
        link.publish("report", {"state": "stalled", "reason": "no picture"})
        return bool(worker.status()["reason"] == "no picture")

    await eventually(understood, 5, "the engine listens again")
