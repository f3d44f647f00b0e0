"""Fixtures for every test. Nothing here pretends: directories, ports and processes are real."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance, light_instance

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick ones first, and the browser last: while Playwright is open, asyncio.run is not to be had."""
    turn = {"unit": 0, "browser": 2}
    items.sort(key=lambda item: turn.get(item.path.relative_to(TESTS).parts[0], 1))


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A run directory with a short path: what a Unix socket's path may hold is little."""
    directory = Path(tempfile.mkdtemp(prefix="rg", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def instance() -> Iterator[Instance]:
    """A whole Regie that serves, with the demo sources, for one test."""
    with light_instance() as started:
        yield started
