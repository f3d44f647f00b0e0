"""`regie up` in its first and last instants."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from regie.domain.workers import WorkerSpec
from regie.engine.directory import Identity, WorkerDirectory
from regie.engine.process import sample
from regie.up import run_briefly
from tests.support.instance import new_instance
from tests.support.processes import is_gone
from tests.support.wait import eventually, until


def holds_signals(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    held = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk"))
    return bool(held & 1 << (signal.SIGTERM - 1))


def test_who_ends_it_at_once_leaves_nothing_running_not_even_what_an_earlier_engine_left() -> None:
    with new_instance() as instance:
        orphan = subprocess.Popen(["sleep", "60"])
        found = sample(orphan.pid)
        assert found is not None
        directory = WorkerDirectory(instance.run_dir, "src-cam1")
        directory.create()
        directory.write_spec(WorkerSpec("src-cam1", "source"))
        directory.write_identity(
            Identity("src-cam1", "source", orphan.pid, found.start_ticks, "an older build")
        )
        instance.start(wait=False)
        try:
            until(lambda: holds_signals(instance.engine_pid), 10, "signals wait for the engine")
            assert instance.engine is not None
            instance.engine.terminate()
            assert instance.engine.wait(15) == 0
            assert is_gone(orphan.pid)
            started = [
                WorkerDirectory(instance.run_dir, worker).read_identity() for worker in ("server", "tools")
            ]
            assert [who.pid for who in started if who and not is_gone(who.pid)] == []
        finally:
            orphan.kill()
            orphan.wait()


@pytest.mark.parametrize("ends", ["by its time limit", "with the engine"])
async def test_a_command_that_hangs_is_killed(ends: str) -> None:
    hanging = [sys.executable, "-c", "import time; time.sleep(60)"]
    running = asyncio.create_task(run_briefly(hanging, 0.5 if ends == "by its time limit" else 60))
    children = psutil.Process(os.getpid()).children
    child = await eventually(
        lambda: next((c for c in children() if c.cmdline() == hanging), None), 5, "it runs"
    )
    if ends == "with the engine":
        running.cancel()
    await asyncio.wait([running], timeout=5)
    await eventually(lambda: is_gone(child.pid), 5, "it was killed")
