"""A whole instance, as an operator starts it, kills it and asks it from a terminal."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from tests.support.instance import Instance, light_instance, new_instance
from tests.support.processes import is_gone
from tests.support.wait import until

RESIDENTS = {"server", "edge-0", "tools"}
PASSWORD = "hunter2-hunter2"


@pytest.fixture(scope="module")
def shared() -> Iterator[Instance]:
    """One instance for the tests that leave it as they found it, without a token for the commands."""
    with light_instance() as started:
        yield started


def pids(instance: Instance) -> dict[str, int]:
    """The processes of all workers, once all of them are live; a failed probe lingers for a minute."""

    def all_live() -> dict[str, int] | None:
        workers = [w for w in instance.request("GET", "/workers") if not w["id"].startswith("probe-")]
        live = len(workers) >= 7 and all(worker["state"] == "live" for worker in workers)
        return {worker["id"]: int(worker["pid"]) for worker in workers} if live else None

    return until(all_live, 45, "all workers are live")


def command_without_token(instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
    instance.extra_environ = {"REGIE_ADMIN_TOKEN": ""}
    try:
        return instance.run(*arguments)
    finally:
        instance.extra_environ = {}


def test_the_commands_work_for_whoever_may_read_the_data_directory(shared: Instance) -> None:
    listed = command_without_token(shared, "source", "list")
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[:3] for line in listed.stdout.splitlines()[:2]] == [
        ["ID", "NAME", "KIND"],
        ["cam1", "Stage", "test"],
    ]
    assert (shared.data_dir / "cli.token").stat().st_mode & 0o777 == 0o600


def test_a_source_is_added_listed_and_removed_from_a_terminal(shared: Instance) -> None:
    added = shared.run("source", "add", "test", "--name", "From a terminal", "--stopped", "--json")
    assert added.returncode == 0, added.stderr
    source_id = json.loads(added.stdout)["id"]
    listed: list[dict[str, Any]] = json.loads(shared.run("source", "list", "--json").stdout)
    assert next(s for s in listed if s["id"] == source_id)["name"] == "From a terminal"
    assert shared.run("source", "remove", source_id).stdout == f"Removed {source_id}\n"
    gone = shared.run("source", "remove", source_id)
    assert gone.returncode == 1
    assert source_id in gone.stderr


def test_a_probe_from_a_terminal_says_what_is_wrong(shared: Instance) -> None:
    works = shared.run("source", "probe", "test")
    assert works.returncode == 0, works.stderr
    assert works.stdout.startswith("It works.\nvideo: ")
    fails = shared.run("source", "probe", "file", "path=no-such-film.mp4")
    assert fails.returncode == 1
    assert "no-such-film.mp4" in fails.stdout + fails.stderr


def test_a_wrong_kind_or_option_is_explained(shared: Instance) -> None:
    for words, named in ((("nonsense",), "nonsense"), (("test", "colour=red"), "colour")):
        answer = shared.run("source", "add", *words)
        assert answer.returncode == 1
        assert named in answer.stderr
        assert "Traceback" not in answer.stderr


def test_no_password_shows_in_processes_logs_or_output(shared: Instance) -> None:
    url = f"rtsp://admin:{PASSWORD}@127.0.0.1:9/live"
    source_id = json.loads(shared.run("source", "add", "rtsp", url, "--name", "Door", "--json").stdout)["id"]
    worker = f"src-{source_id}"
    try:
        until(lambda: shared.worker_log(worker), 20, "the worker has logged something")
        until(lambda: _reason(shared, worker), 20, "the worker says why it has no picture")
        shown = [shared.output, json.dumps(shared.request("GET", "/workers"))]
        shown += [file.read_text() for file in shared.run_dir.glob("workers/*/log")]
        for process in shared.processes():
            shown += [*process.cmdline(), *_environ_of(process)]
        assert not [text for text in shown if PASSWORD in text]
    finally:
        shared.run("source", "remove", source_id, "--force")


def _environ_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.environ().values())
    except psutil.Error:
        return []


def _reason(instance: Instance, worker_id: str) -> str:
    workers = instance.request("GET", "/workers")
    return str(next(worker for worker in workers if worker["id"] == worker_id)["reason"])


def test_a_second_engine_for_the_same_directories_is_refused(shared: Instance) -> None:
    second = shared.run("up")
    assert second.returncode == 1
    assert f"already running with {shared.run_dir} (process {shared.engine_pid})" in second.stderr


def test_a_killed_server_is_back_and_no_other_worker_noticed(shared: Instance) -> None:
    before = pids(shared)
    os.kill(before["server"], signal.SIGKILL)
    until(lambda: is_gone(before["server"]))
    shared.wait_serving()
    after = pids(shared)
    assert after.pop("server") != before.pop("server")
    assert after == before


def test_a_killed_edge_or_source_is_back_and_no_other_worker_noticed(shared: Instance) -> None:
    for victim in ("edge-0", "src-cam1", "tools"):
        before = pids(shared)
        os.kill(before[victim], signal.SIGKILL)
        until(lambda victim=victim, before=before: pids(shared)[victim] != before[victim], 30)  # type: ignore[misc]
        after = pids(shared)
        del before[victim], after[victim]
        assert after == before


def test_nothing_stops_when_the_engine_is_killed_and_the_next_one_adopts_all(shared: Instance) -> None:
    before = pids(shared)
    shared.kill_engine()
    assert shared.request("GET", "/sources")  # the server answers without an engine
    shared.start()
    adopted = until(lambda: _adopted(shared), 20, "the new engine has adopted every worker")
    assert adopted == before


def _adopted(instance: Instance) -> dict[str, int] | None:
    workers = instance.request("GET", "/workers")
    return {w["id"]: w["pid"] for w in workers} if all(w["adopted"] for w in workers) else None


@pytest.mark.parametrize("taken", ["http", "webrtc"])
def test_a_taken_port_is_said_plainly_and_nothing_starts(taken: str) -> None:
    kind = socket.SOCK_STREAM if taken == "http" else socket.SOCK_DGRAM
    with new_instance() as instance, closing(socket.socket(socket.AF_INET, kind)) as other:
        port = instance.http_port if taken == "http" else instance.webrtc_port
        other.bind(("127.0.0.1", port))
        if taken == "http":
            other.listen()
        up = instance.run("up")
        assert up.returncode == 1
        assert f"{taken}_port {port}" in up.stderr
        assert not (instance.run_dir / "workers").exists()
