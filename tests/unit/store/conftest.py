"""A real database for each test: SQLite, or PostgreSQL where REGIE_TEST_POSTGRESQL_URL names an empty one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from regie.store.database import Database
from regie.store.tables import metadata


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path, os.environ.get("REGIE_TEST_POSTGRESQL_URL", ""))
    yield opened
    opened.run(_empty)
    opened.close()


def _empty(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
