"""Processes, held by their pidfd."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regie.engine.process import Process, sample
from tests.support.wait import eventually


async def ended(process: Process) -> str:
    done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    process.on_exit(done.set_result)
    return await asyncio.wait_for(done, 10)


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("pass", "ended with exit status 0"),
        ("raise SystemExit(3)", "ended with exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
    ],
)
async def test_how_a_child_ended_is_told(tmp_path: Path, program: str, how: str) -> None:
    process = Process.spawn([sys.executable, "-c", program], tmp_path / "log", os.environ)
    assert await ended(process) == how


async def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    for word in ("first", "second"):
        program = f"import sys; print('{word}'); print('{word} error', file=sys.stderr)"
        await ended(Process.spawn([sys.executable, "-uc", program], tmp_path / "log", os.environ))
    assert (tmp_path / "log").read_text() == "first\nfirst error\nsecond\nsecond error\n"


async def test_a_child_lives_in_a_session_of_its_own(tmp_path: Path) -> None:
    process = Process.spawn(["sleep", "60"], tmp_path / "log", os.environ)
    assert os.getsid(process.pid) == process.pid
    process.send(signal.SIGKILL)
    await ended(process)


async def test_a_program_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Process.spawn(["/no/such/program"], tmp_path / "log", os.environ)


async def test_the_end_of_an_adopted_process_is_noticed() -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    found = sample(stranger.pid)
    assert found is not None
    process = Process.adopt(stranger.pid, found.start_ticks)
    assert process is not None
    process.send(signal.SIGTERM)
    assert await ended(process) == "ended"
    stranger.wait()


async def test_a_process_that_began_at_another_time_is_not_the_one_meant() -> None:
    found = sample(os.getpid())
    assert found is not None
    assert Process.adopt(os.getpid(), found.start_ticks + 1) is None
    assert Process.adopt(2**22 + 1, 1) is None


async def test_signals_to_an_ended_process_are_lost_quietly(tmp_path: Path) -> None:
    process = Process.spawn(["true"], tmp_path / "log", os.environ)
    await eventually(lambda: sample(process.pid) is None)
    process.send(signal.SIGTERM)
    assert await ended(process) == "ended with exit status 0"


async def test_a_busy_process_uses_a_core_and_memory(tmp_path: Path) -> None:
    process = Process.spawn([sys.executable, "-c", "while True: pass"], tmp_path / "log", os.environ)
    try:
        process.usage()
        deadline = asyncio.get_running_loop().time() + 10
        cores, rss = 0.0, 0
        while cores < 0.02 and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.2)
            cores, rss = process.usage()
        assert 0.02 <= cores < 1.5
        assert rss > 1_000_000
    finally:
        process.send(signal.SIGKILL)
        await ended(process)


def test_a_zombie_is_gone() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert sample(child.pid) is None
    child.wait()
