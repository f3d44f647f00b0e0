"""One engine per directory, and directories for one user only."""

import os
from pathlib import Path

import pytest

from regie.domain.errors import Conflict, Invalid
from regie.engine.lock import only_engine


def test_a_second_engine_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    told = rf"already running with .*/data \(process {os.getpid()}\)"
    with only_engine(tmp_path / "run", tmp_path / "data"):
        with pytest.raises(Conflict, match=told), only_engine(tmp_path / "other", tmp_path / "data"):
            pass
        with only_engine(tmp_path / "other", tmp_path / "more"):
            pass
    with only_engine(tmp_path / "run", tmp_path / "data"):
        pass


def test_directories_are_made_for_nobody_else(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir(mode=0o755)
    with only_engine(tmp_path / "new" / "run", open_to_all):
        assert (tmp_path / "new" / "run").stat().st_mode & 0o777 == 0o700
        assert open_to_all.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Invalid, match="file/run cannot be used"), only_engine(tmp_path / "file" / "run"):
        pass
