"""Set-up is quick when there is nothing to do, and says what it cannot do."""

import ast
import os
import re
import shutil
import subprocess
import time
from importlib.util import cache_from_source
from pathlib import Path

import fastapi
import pytest
import sqlalchemy

from regie.hub.gst import Gst
from regie.media.doctor.gstreamer import NEEDED_ELEMENTS
from regie.media.encoders import ENCODERS

ROOT = Path(__file__).parents[2]


def run(command: list[str], **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def program(directory: Path, name: str, text: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{text}\n")
    (directory / name).chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The set-up script in a directory where nothing is installed."""
    shutil.copytree(ROOT / "scripts", tmp_path / "regie" / "scripts")
    return tmp_path / "regie"


@pytest.mark.timeout(900)
def test_a_second_setup_does_nothing_says_nothing_and_takes_no_time() -> None:
    assert run([f"{ROOT}/scripts/setup", "test"]).returncode == 0
    began = time.monotonic()
    again = run(
        [f"{ROOT}/scripts/setup", "test"], http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9"
    )
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert time.monotonic() - began < 5  # 0.2 s on an idle machine


def test_what_is_installed_is_compiled_so_that_no_worker_has_to() -> None:
    assert run([f"{ROOT}/scripts/setup", "test"]).returncode == 0
    code = [Path(fastapi.__file__), Path(sqlalchemy.__file__), *(ROOT / "src/regie").rglob("*.py")]
    assert [file for file in code if not Path(cache_from_source(file)).exists()] == []


def test_a_failed_installation_shows_why_and_what_to_do(checkout: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "dpkg-query", "exit 1")
    program(tmp_path / "bin", "apt-get", 'case "$*" in *install*) echo "E: no space left"; exit 100 ;; esac')
    done = run([f"{checkout}/scripts/setup"], PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "installing 26 Debian packages: gstreamer1.0-tools" in done.stdout
    assert "E: no space left" in done.stderr
    assert "Run it by hand to see it all: apt-get install" in done.stderr


def test_only_what_is_missing_is_installed(checkout: Path, tmp_path: Path) -> None:
    program(
        tmp_path / "bin",
        "dpkg-query",
        'for name in "$@"; do case $name in -*|gcc|libcairo2-dev) ;; *) echo "installed $name" ;; esac; done',
    )
    program(tmp_path / "bin", "apt-get", "exit 100")
    done = run([f"{checkout}/scripts/setup"], PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert "installing 2 Debian packages: libcairo2-dev gcc\n" in done.stdout


def test_a_python_that_is_named_and_too_old_is_refused(checkout: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", "exit 1")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    shutil.copy(ROOT / "uv.lock", checkout)
    done = run(
        [f"{checkout}/scripts/setup"], REGIE_SKIP_PACKAGES="1", REGIE_PYTHON=str(tmp_path / "bin" / "python3")
    )
    assert done.returncode == 1
    assert "is no Python 3.13 or newer with its headers" in done.stderr


def test_an_unknown_group_is_named_with_the_known_ones(checkout: Path) -> None:
    done = run([f"{checkout}/scripts/setup", "everything"])
    assert done.returncode == 1
    assert "unknown group 'everything'" in done.stderr
    assert "run, test, bench" in done.stderr


def test_the_doctor_looks_for_packages_that_setup_installs() -> None:
    installed = (ROOT / "scripts/setup").read_text().split()
    assert [package for package in NEEDED_ELEMENTS if package not in installed] == []


def test_the_doctor_looks_for_every_element_that_regie_uses() -> None:
    core = {"bin", "capsfilter", "fakesink", "filesrc", "identity", "pipeline", "queue", "tee", "valve"}
    words_of_prose = {"alpha", "speed", "square", "stereo", "stretch"}  # happen to be elements, too
    encoders = {encoder.factory for encoder in ENCODERS}
    needed = {name for names in NEEDED_ELEMENTS.values() for name in names.split()}
    assert elements_used() - core - words_of_prose - encoders - needed == set()


def elements_used() -> set[str]:
    """Every word in a string of the media code that is the name of an element on this machine."""
    files = [
        file for part in ("hub", "media", "protocols") for file in (ROOT / "src/regie" / part).rglob("*.py")
    ]
    strings = [
        node.value
        for file in files
        if "doctor" not in file.parts
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    words = {word for string in strings for word in re.findall(r"[a-z][a-z0-9_]+", string)}
    return {word for word in words if Gst.ElementFactory.find(word) is not None}
