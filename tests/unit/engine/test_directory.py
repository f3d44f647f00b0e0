"""A worker's directory: nothing half-written, nothing for other eyes, logs that end."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from regie.domain.errors import RegieError
from regie.domain.workers import Json, WorkerSpec
from regie.engine.directory import (
    LOG_LIMIT_BYTES,
    Identity,
    WorkerDirectory,
    read_json,
    worker_directories,
    write_json,
    write_lasting_json,
)

type Write = Callable[[Path, Json], None]

ME = Identity("cam", "source", 42, 4711, "build-1")


@pytest.fixture
def directory(tmp_path: Path) -> WorkerDirectory:
    directory = WorkerDirectory(tmp_path, "cam")
    directory.create()
    return directory


def test_what_is_written_is_read_and_nobody_else_can(directory: WorkerDirectory) -> None:
    directory.write_spec(WorkerSpec("cam", "source", {"url": "rtsp://u:secret@cam"}))
    directory.write_identity(ME)
    assert directory.read_spec() == {"url": "rtsp://u:secret@cam"}
    assert directory.read_identity() == ME
    assert {file.stat().st_mode & 0o777 for file in directory.path.iterdir()} == {0o600}
    assert directory.path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "cam"}', '{"strange": 1}'])
def test_a_damaged_identity_is_none(directory: WorkerDirectory, text: str) -> None:
    (directory.path / "worker.json").write_text(text)
    assert directory.read_identity() is None


def test_writing_replaces_the_whole_file_and_leaves_no_other(directory: WorkerDirectory) -> None:
    file = directory.path / "show.json"
    for value in ({"long": "x" * 1000}, {"short": 1}):
        write_json(file, value)
    assert read_json(file) == {"short": 1}
    assert list(directory.path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegieError, match=r"show\.json cannot be written: No such file"):
        write_json(tmp_path / "none" / "show.json", {})


@pytest.mark.parametrize("write", [write_json, write_lasting_json])
def test_a_write_that_fails_leaves_no_copy_of_the_secrets(tmp_path: Path, write: Write) -> None:
    in_the_way = tmp_path / "show.json"
    in_the_way.mkdir()
    with pytest.raises(RegieError, match=r"show\.json cannot be written"):
        write(in_the_way, {"password": "hunter2"})
    assert list(tmp_path.iterdir()) == [in_the_way]


def test_the_last_lines_of_a_log_are_served(directory: WorkerDirectory) -> None:
    assert directory.log_lines(10) == []
    directory.log.write_text("one\ntwo\nthree\n")
    assert directory.log_lines(2) == ["two", "three"]
    assert directory.log_lines(200) == ["one", "two", "three"]
    assert directory.log_lines(0) == []


def test_a_log_over_its_limit_is_cut_while_its_writer_goes_on(directory: WorkerDirectory) -> None:
    with directory.log.open("ab", buffering=0) as writer:
        writer.writelines(f"{number} {'x' * 90}\n".encode() for number in range(20_000))
        assert directory.log.stat().st_size > LOG_LIMIT_BYTES
        directory.bound_log()
        writer.write(b"after\n")
    lines = directory.log_lines(200)
    assert lines[-1] == "after"
    assert lines[-2].startswith("19999 ")
    assert len(lines) == 200
    assert directory.log.read_bytes() == b"after\n"  # the writer appends: no hole of zeros before it


def test_the_last_line_is_of_this_process_and_not_of_one_before(directory: WorkerDirectory) -> None:
    assert directory.last_line() == ""
    directory.log.write_text("the error of the first process\n")
    assert directory.last_line() == "the error of the first process"
    directory.begin_log()
    assert directory.last_line() == ""
    with directory.log.open("a") as log:
        log.write("the error of the second process\n")
    assert directory.last_line() == "the error of the second process"


def test_the_last_line_is_found_in_a_log_that_was_cut(directory: WorkerDirectory) -> None:
    directory.log.write_text("an old line\n" * (LOG_LIMIT_BYTES // 10))
    directory.begin_log()
    directory.bound_log()
    with directory.log.open("a") as log:
        log.write("a new line\n")
    assert directory.last_line() == "a new line"


def test_a_log_that_is_not_utf8_is_served_all_the_same(directory: WorkerDirectory) -> None:
    directory.log.write_bytes(b"caf\xe9\n")
    assert directory.log_lines(1) == ["caf\N{REPLACEMENT CHARACTER}"]


def test_directories_are_found_and_a_missing_run_directory_has_none(tmp_path: Path) -> None:
    assert list(worker_directories(tmp_path)) == []
    for worker_id in ("b", "a"):
        WorkerDirectory(tmp_path, worker_id).create()
    assert [directory.id for directory in worker_directories(tmp_path)] == ["a", "b"]


def test_the_longest_names_still_make_an_address_the_kernel_takes() -> None:
    run_dir, worker_id = Path("/tmp/" + "r" * 35), "w" * 45
    WorkerSpec(worker_id, "source")
    assert len(os.fsencode(WorkerDirectory(run_dir, worker_id).socket)) <= 107
