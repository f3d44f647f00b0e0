"""The doctor finds what is wrong and says how to mend it."""

import json
import os
import socket
from pathlib import Path

import pytest

from regie.media.doctor import run
from regie.media.doctor.gstreamer import encodes
from regie.settings import Settings
from tests.support.net import free_port, free_udp_port


@pytest.fixture
def settings(run_dir: Path) -> Settings:
    return Settings.model_validate(
        {
            "http_host": "127.0.0.1",
            "http_port": free_port(),
            "webrtc_port": free_udp_port(),
            "data_dir": run_dir / "data",
            "run_dir": run_dir / "run",
        }
    )


def test_this_machine_has_what_regie_needs(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(settings) == 0
    told = capsys.readouterr().out
    assert "✓ encoder x264enc: works" in told
    assert told.endswith("Regie can run here.\n")


def test_a_port_in_use_is_named_with_its_user_and_what_to_do(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", settings.http_port)):
        assert run(settings, as_json=True) == 1
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    port = findings.pop(f"port {settings.http_port}/TCP")
    assert port["grade"] == "missing"
    assert f"(pid {os.getpid()})" in port["text"]
    assert "REGIE_HTTP_PORT" in port["mend"]
    assert {finding["grade"] for finding in findings.values()} <= {"good", "warning"}


def test_an_encoder_that_is_not_there_is_told_from_one_that_works() -> None:
    assert encodes("x264enc") == ""
    assert "no element" in encodes("imaginaryenc")


def test_an_encoder_that_hangs_is_given_up() -> None:
    assert encodes("x264enc ! identity sleep-time=1000000", timeout_s=0.5) == "it hung for 0.5 s"
