"""A real SQLite database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from regie.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path)
    yield opened
    opened.close()
