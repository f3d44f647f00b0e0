"""What people type and what they read."""

import asyncio
import json
import signal
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from regie.cli import options_from_words, table
from regie.domain.errors import Conflict, Invalid
from regie.link.worker import WorkerContext
from regie.main import main, run_kind
from regie.settings import Settings
from regie.up import check_ports, command, environ, residents
from tests.support.net import free_port, free_udp_port


@pytest.fixture
def settings(run_dir: Path) -> Settings:
    return Settings(
        http_host="127.0.0.1",
        http_port=free_port(),
        webrtc_port=free_udp_port(),
        data_dir=run_dir / "data",
        run_dir=run_dir / "run",
    )


def test_words_become_options() -> None:
    words = ["rtsp://u:p@192.0.2.7/live?x=1", "latency_ms=200", "tls=true", "name=17 Mile", "password=123456"]
    assert options_from_words(words) == {
        "url": "rtsp://u:p@192.0.2.7/live?x=1",
        "latency_ms": "200",
        "tls": "true",
        "name": "17 Mile",
        "password": "123456",
    }
    with pytest.raises(Invalid, match="'loose' is neither a URL nor key=value"):
        options_from_words(["loose"])


def test_a_table_lines_up() -> None:
    assert table(("ID", "NAME"), [("cam1", "Stage"), ("x", "")]) == "ID    NAME\ncam1  Stage\nx"


def test_free_ports_are_fine(settings: Settings) -> None:
    check_ports(settings)


def test_ports_that_are_taken_are_all_named(settings: Settings) -> None:
    with socket.socket() as http, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as webrtc:
        http.bind(("127.0.0.1", settings.http_port))
        http.listen()
        webrtc.bind(("0.0.0.0", settings.webrtc_port))  # noqa: S104 (as the edge does)
        with pytest.raises(Conflict) as caught:
            check_ports(settings)
    assert caught.value.message.splitlines() == [
        f"http_port {settings.http_port} (TCP) cannot be used at 127.0.0.1: Address already in use",
        f"webrtc_port {settings.webrtc_port} (UDP) cannot be used at 0.0.0.0: Address already in use",
    ]


def test_an_address_that_is_not_ours_is_refused(settings: Settings) -> None:
    with pytest.raises(Conflict, match=r"cannot be used at 192\.0\.2\.1"):
        check_ports(settings.model_copy(update={"http_host": "192.0.2.1"}))
    with pytest.raises(Invalid, match="is not an address of this machine"):
        check_ports(settings.model_copy(update={"http_host": "no-such-host.invalid"}))


def test_only_the_server_learns_the_secrets_of_the_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGIE_ADMIN_TOKEN", "s3cret-token")
    server, edge, tools = residents(settings)
    assert environ(settings, server)["REGIE_ADMIN_TOKEN"] == "s3cret-token"
    for spec in (edge, tools):
        assert "s3cret-token" not in environ(settings, spec).values()


def test_no_secret_stands_in_a_process_list(settings: Settings) -> None:
    secret = settings.model_copy(update={"admin_token": SecretStr("s3cret-token")})
    server = residents(secret)[0]
    assert "s3cret-token" in json.dumps(server.spec)  # the spec goes through a file of mode 0600
    assert "s3cret-token" not in " ".join(command(settings.run_dir, server))


def test_wrong_settings_end_the_command_before_anything_starts(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGIE_RUN_DIR", str(run_dir / "run"))
    monkeypatch.setenv("REGIE_HTTP_PORT", "99999")
    assert main(["up"]) == 1
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())  # children would not end when they are told to
    assert "http_port is '99999' (from REGIE_HTTP_PORT)" in capsys.readouterr().err
    assert list(run_dir.iterdir()) == []


def test_commands_say_so_when_nothing_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGIE_HTTP_PORT", str(settings.http_port))
    monkeypatch.setenv("REGIE_ADMIN_TOKEN", "s3cret-token")
    assert main(["source", "list"]) == 1
    assert f"no Regie answers at http://127.0.0.1:{settings.http_port}" in capsys.readouterr().err


@pytest.mark.parametrize("spec", ["{", "[]", "@/no/such/file"])
def test_a_worker_by_hand_needs_a_spec_that_is_an_object(
    spec: str, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", "source", spec, "--run-dir", str(run_dir)]) == 1
    assert "JSON" in capsys.readouterr().err


async def fall_over(_context: WorkerContext, _spec: object) -> None:
    raise RuntimeError("rtsp://u:hunter2@cam")


async def complain(_context: WorkerContext, _spec: object) -> None:
    await asyncio.sleep(0)
    raise Invalid("port 8189 is taken", "choose another")


def test_what_ends_a_worker_is_the_last_line_of_its_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = WorkerContext("x", tmp_path, tmp_path)
    here = "tests.unit.test_cli"
    table = {"a": f"{here}:fall_over", "b": f"{here}:complain", "c": "no.such.module:run"}
    assert [run_kind(kind, context, {}, table) for kind in table] == [1, 1, 1]
    last = [record.getMessage() for record in caplog.records if record.exc_info is None]
    assert last == [
        "internal error: RuntimeError",
        "port 8189 is taken (choose another)",
        "internal error: ModuleNotFoundError",
    ]
