"""The engine under fire: real processes, real signals, small real workers."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from regie.domain.errors import Invalid, NotFound, Unavailable
from regie.domain.workers import Json, Show, WorkerSpec
from regie.engine.client import EngineClient
from regie.engine.directory import LOG_LIMIT_BYTES
from tests.support.processes import is_gone, with_word
from tests.support.wait import eventually, until

ROOT = Path(__file__).parents[2]


class EngineProcess:
    """An engine in a process of its own, so that it can be killed, and its run directory."""

    def __init__(self, directory: Path) -> None:
        self.run_dir = directory / "run"
        self.data_dir = directory / "data"
        self.client = EngineClient(self.run_dir)
        self.log = directory / "engine.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, build: str = "build-1") -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(build), cwd=ROOT, stdout=log, stderr=log)

    def command(self, build: str = "build-1") -> list[str]:
        arguments = [str(self.run_dir), str(self.data_dir), build]
        return [sys.executable, "-m", "tests.support.tiny_engine", *arguments]

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(15)
        self.process = None
        return code

    async def worker(self, worker_id: str) -> Json:
        workers = (await self.client.status())["workers"]
        return next(worker for worker in workers if worker["id"] == worker_id)

    async def live(self, worker_id: str, other_than: int | None = None) -> Json:
        """The worker's status once it is live, in another process than `other_than`."""

        async def is_live() -> Json | None:
            worker = await self.worker(worker_id)
            return worker if worker["state"] == "live" and worker["pid"] != other_than else None

        return await eventually(is_live, 15, f"{worker_id} is live")

    async def say(self, worker_id: str, **args: Any) -> None:
        await self.client.worker_call(worker_id, "say", args)

    def processes(self) -> list[int]:
        return [process.pid for process in with_word(str(self.run_dir))]


@pytest.fixture
def engine() -> Iterator[EngineProcess]:
    directory = Path(tempfile.mkdtemp(prefix="rg", dir="/tmp"))
    engine = EngineProcess(directory)
    engine.start()
    until((engine.run_dir / "engine.sock").exists, 15, "the engine answers")
    yield engine
    if engine.process is not None:
        engine.end(signal.SIGTERM)
        left = engine.processes()
    else:
        left = []
    for pid in engine.processes():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(directory)
    assert left == []


def show(*ids: str, **spec: Any) -> Show:
    return Show(tuple(WorkerSpec(worker_id, "tiny", spec) for worker_id in ids))


@pytest.fixture
async def changes(engine: EngineProcess) -> AsyncIterator[list[tuple[str, Json]]]:
    """Every event of the engine from here on."""
    seen: list[tuple[str, Json]] = []

    async def collect() -> None:
        async for event in engine.client.events():
            seen.append(event)

    task = asyncio.create_task(collect())
    await eventually(lambda: seen, 10, "connected to the engine's events")
    yield seen
    task.cancel()


async def test_applying_the_same_show_again_changes_nothing(engine: EngineProcess) -> None:
    assert await engine.client.apply(show("a", "b", value=1)) == ["a", "b"]
    before = [await engine.live("a"), await engine.live("b")]
    assert await engine.client.apply(show("a", "b", value=1)) == []
    after = [await engine.worker("a"), await engine.worker("b")]
    assert [w["pid"] for w in after] == [w["pid"] for w in before]
    assert [w["restarts"] for w in after] == [0, 0]


async def test_a_changed_spec_reaches_the_running_worker_without_a_restart(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", value=1))
    pid = (await engine.live("a"))["pid"]
    assert await engine.client.apply(show("a", value=2)) == ["a"]

    async def told() -> bool:
        return bool((await engine.client.worker_call("a", "stats"))["value"] == 2)

    await eventually(told, 5, "the worker has its new value")
    assert (await engine.worker("a"))["pid"] == pid


async def test_a_worker_that_refuses_its_new_spec_is_restarted_with_it(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", value=1))
    pid = (await engine.live("a"))["pid"]
    await engine.client.apply(show("a", value=2, refuse=True))
    await engine.live("a", other_than=pid)
    assert (await engine.client.worker_call("a", "stats"))["value"] == 2


async def test_a_worker_of_another_kind_takes_the_place_of_the_first(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    await engine.client.apply(Show((WorkerSpec("a", "other"),)))
    assert (await engine.live("a", other_than=pid))["kind"] == "other"


async def test_a_killed_worker_is_back_at_once_ten_times_in_a_row(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", "b"))
    bystander = (await engine.live("b"))["pid"]
    for _ in range(10):
        pid = (await engine.live("a"))["pid"]
        os.kill(pid, signal.SIGKILL)
        killed_at = asyncio.get_running_loop().time()
        await engine.live("a", other_than=pid)
        assert asyncio.get_running_loop().time() - killed_at < 3
    worker = await engine.worker("a")
    assert worker["restarts"] == 10
    assert (await engine.worker("b"))["pid"] == bystander


async def test_a_worker_that_hangs_is_noticed_and_replaced(
    engine: EngineProcess, changes: list[tuple[str, Json]]
) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    os.kill(pid, signal.SIGSTOP)
    await engine.live("a", other_than=pid)
    assert is_gone(pid)
    reasons = [data["reason"] for event, data in changes if event == "worker" and data["id"] == "a"]
    assert "did not answer for 3 s" in reasons


async def test_a_worker_that_crashes_at_start_says_why_and_is_tried_again_ever_more_slowly(
    engine: EngineProcess,
) -> None:
    await engine.client.apply(show("a", crash="no route to rtsp://admin:hunter2@192.0.2.7/live"))

    async def retrying() -> Json | None:
        worker = await engine.worker("a")
        return worker if worker["state"] == "retrying" and worker["restarts"] >= 2 else None

    worker = await eventually(retrying, 10)
    assert "no route to rtsp://admin:•••@192.0.2.7/live" in worker["reason"]
    assert "hunter2" not in "\n".join(await engine.client.logs("a"))
    await engine.client.apply(show("a"))  # an edit is tried at once
    await engine.live("a")


async def test_a_worker_that_ignores_sigterm_is_killed_after_five_seconds(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", deaf=True))
    pid = (await engine.live("a"))["pid"]
    await engine.client.apply(Show())
    asked_at = asyncio.get_running_loop().time()
    await eventually(lambda: is_gone(pid), 10, "the deaf worker is gone")
    assert asyncio.get_running_loop().time() - asked_at > 4


async def test_a_removed_worker_ends_and_leaves_nothing(
    engine: EngineProcess, changes: list[tuple[str, Json]]
) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    await engine.client.apply(Show())
    await eventually(lambda: ("gone", {"id": "a"}) in changes, 10, "the engine says it is gone")
    last = await eventually(lambda: changes[-1] if changes[-1][0] == "stats" else None, 5)
    assert "a" not in last[1]["workers"]
    assert [event for event, data in changes if data.get("id") == "a"][-1] == "gone"
    assert is_gone(pid)
    assert not (engine.run_dir / "workers" / "a").exists()


async def test_a_state_change_reaches_listeners_with_its_reason_and_detail(
    engine: EngineProcess, changes: list[tuple[str, Json]]
) -> None:
    await engine.client.apply(show("a"))
    await engine.live("a")
    await engine.say("a", state="stalled", reason="no picture from rtsp://u:secret@cam/", note="x")

    def arrived() -> Json | None:
        return next((d for e, d in changes if e == "worker" and d["state"] == "stalled"), None)

    event = await eventually(arrived, 2, "the engine passes the report on")
    assert event["reason"] == "no picture from rtsp://u:•••@cam/"
    assert event["detail"] == {"note": "x"}


async def test_figures_come_once_a_second_with_what_each_worker_uses(
    engine: EngineProcess, changes: list[tuple[str, Json]]
) -> None:
    await engine.client.apply(show("a", value=7))
    await engine.live("a")

    def figures() -> Json | None:
        return next((d for e, d in changes if e == "stats" and d["workers"].get("a")), None)

    event = await eventually(figures, 5)
    assert event["workers"]["a"]["value"] == 7
    assert event["usage"]["a"]["rss"] > 1_000_000


async def test_workers_outlive_a_killed_engine_and_the_next_one_adopts_them(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", value=1))
    before = {worker_id: (await engine.live(worker_id))["pid"] for worker_id in ("a", "resident")}
    engine.end(signal.SIGKILL)
    assert (await engine.client.worker_call("a", "stats"))["value"] == 1
    engine.start()
    for worker_id, pid in before.items():
        worker = await engine.live(worker_id)
        assert (worker["pid"], worker["adopted"], worker["restarts"]) == (pid, True, 0)
    os.kill(before["a"], signal.SIGKILL)  # not a child of this engine, and yet its end is noticed
    await engine.live("a", other_than=before["a"])


async def test_a_handed_over_show_runs_on_while_the_engine_is_replaced(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    assert engine.end(signal.SIGUSR1) == 0
    assert not is_gone(pid)
    engine.start()
    assert (await engine.live("a"))["pid"] == pid


async def test_an_adopted_worker_that_hangs_is_replaced(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    engine.end(signal.SIGKILL)
    os.kill(pid, signal.SIGSTOP)
    engine.start()
    await engine.live("a", other_than=pid)


async def test_workers_of_another_build_are_replaced(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    engine.end(signal.SIGKILL)
    engine.start(build="build-2")
    assert (await engine.live("a", other_than=pid))["adopted"] is False
    assert is_gone(pid)


async def test_an_orphan_that_nobody_wants_is_stopped(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", "b"))
    pid = (await engine.live("a"))["pid"]
    engine.end(signal.SIGKILL)
    (engine.data_dir / "show.json").write_text('{"workers": [{"id": "b", "kind": "tiny", "spec": {}}]}')
    engine.start()
    await engine.live("b")
    await eventually(lambda: is_gone(pid), 10, "the orphan is gone")


async def test_the_last_show_is_on_disk_and_comes_back_without_a_server(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", value="kept"))
    await engine.live("a")
    engine.end(signal.SIGTERM)
    assert engine.processes() == []
    assert (engine.data_dir / "show.json").stat().st_mode & 0o777 == 0o600
    engine.start()
    await engine.live("a")
    assert (await engine.client.worker_call("a", "stats"))["value"] == "kept"


async def test_an_engine_that_stops_takes_no_new_show(engine: EngineProcess) -> None:
    await engine.client.apply(show("a", deaf=True))
    deaf = (await engine.live("a"))["pid"]
    assert engine.process is not None
    engine.process.send_signal(signal.SIGTERM)

    async def refused() -> bool:
        try:
            await engine.client.apply(show("a", value=2))
        except Unavailable as error:
            return "is stopping" in error.message
        return False

    await eventually(refused, 4, "the stopping engine refuses")
    os.kill(deaf, signal.SIGKILL)  # the engine would, a few seconds later
    assert engine.process.wait(10) == 0
    assert engine.processes() == []
    engine.process = None


async def test_a_damaged_show_does_not_keep_the_engine_from_starting(engine: EngineProcess) -> None:
    engine.end(signal.SIGTERM)
    (engine.data_dir / "show.json").write_text('{"workers": [{"id": 7')
    engine.start()
    await engine.live("resident")


@pytest.mark.parametrize(
    "damage", ['{"workers": [{"id": 7', '{"workers": [{"id": "x", "kind": "from later"}]}']
)
async def test_what_runs_goes_on_when_the_show_on_disk_is_of_no_use(
    engine: EngineProcess, damage: str
) -> None:
    await engine.client.apply(show("a", "b"))
    pids = {(await engine.live(worker))["pid"] for worker in ("a", "b")}
    engine.end(signal.SIGKILL)
    (engine.data_dir / "show.json").write_text(damage)
    engine.start()
    for worker in ("a", "b"):
        assert (await engine.live(worker))["adopted"] is True
    await engine.client.apply(show("a"))
    await eventually(lambda: sum(is_gone(pid) for pid in pids) == 1, 10)


async def test_of_a_show_with_a_kind_nobody_knows_the_others_are_started(engine: EngineProcess) -> None:
    engine.end(signal.SIGTERM)
    workers = [*show("a").to_wire()["workers"], {"id": "x", "kind": "from later"}]
    (engine.data_dir / "show.json").write_text(json.dumps({"workers": workers}))
    engine.start()
    await engine.live("a")


async def test_a_number_that_another_process_has_by_now_is_not_mistaken_for_the_worker(
    engine: EngineProcess,
) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    engine.end(signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: is_gone(pid), 5)
    identity = engine.run_dir / "workers" / "a" / "worker.json"
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        identity.write_text(identity.read_text().replace(f'"pid": {pid}', f'"pid": {bystander.pid}'))
        engine.start()
        assert (await engine.live("a"))["adopted"] is False
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_second_engine_in_the_same_directory_is_refused(engine: EngineProcess) -> None:
    second = subprocess.run(
        engine.command(), check=False, cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert second.returncode == 1
    assert engine.process is not None
    assert f"already running with {engine.run_dir} (process {engine.process.pid})" in second.stderr
    await engine.live("resident")


async def test_logs_are_bounded_and_their_last_lines_served(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    await engine.live("a")
    await engine.client.worker_call("a", "print", {"lines": 20_000, "width": 100})
    log = engine.run_dir / "workers" / "a" / "log"
    await eventually(lambda: log.stat().st_size < LOG_LIMIT_BYTES, 5, "the log is cut")
    await engine.client.worker_call("a", "print", {"lines": 3})
    lines = await engine.client.logs("a", 200)
    assert len(lines) == 200
    assert lines[-4].startswith("19999 ")
    assert lines[-1].startswith("2 ")


async def test_what_is_not_a_show_is_refused_and_nothing_changes(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    with pytest.raises(Invalid, match="unknown kind 'nonsense'"):
        await engine.client.apply(Show((WorkerSpec("b", "nonsense"),)))
    with pytest.raises(Invalid, match="belongs to the engine"):
        await engine.client.apply(Show((WorkerSpec("resident", "tiny"),)))
    with pytest.raises(NotFound):
        await engine.client.restart("b")
    await engine.live("a")


async def test_a_restart_that_was_asked_for_gives_a_new_process(engine: EngineProcess) -> None:
    await engine.client.apply(show("a"))
    pid = (await engine.live("a"))["pid"]
    await engine.client.restart("a")
    await engine.live("a", other_than=pid)


async def test_forty_workers_start_without_missing_their_deadline(engine: EngineProcess) -> None:
    await engine.client.apply(show(*(f"w{number}" for number in range(40))))

    async def all_live() -> bool:
        workers = (await engine.client.status())["workers"]
        return all(worker["state"] == "live" for worker in workers)

    await eventually(all_live, 60)
    workers = (await engine.client.status())["workers"]
    assert [worker["restarts"] for worker in workers] == [0] * 41
