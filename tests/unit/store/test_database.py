"""The database: migrated by itself, private, quick to open, and its errors are ours."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import downgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateTable

from regie.domain.access import Role
from regie.domain.errors import Conflict, Invalid, Unavailable
from regie.store.claim import is_claimed
from regie.store.database import Database, conflict_from_driver
from regie.store.migrations import HEAD
from regie.store.tables import metadata
from regie.store.tokens import create_token


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", "regie.store:migrations")
    return config


def test_a_fresh_directory_gets_a_database_that_only_its_owner_can_read(tmp_path: Path) -> None:
    Database.open(tmp_path / "data").close()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").glob("regie.db*")}
    assert modes["regie.db"] == 0o600
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_the_migrations_make_exactly_the_tables_the_code_uses(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    with create_engine(f"sqlite:///{tmp_path / 'regie.db'}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_noted_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_every_migration_can_be_undone(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    with create_engine(f"sqlite:///{tmp_path / 'regie.db'}").begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]


def tables(directory: Path) -> list[str]:
    with closing(sqlite3.connect(directory / "regie.db")) as connection:
        return [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]


def test_a_migration_that_fails_leaves_the_tables_as_they_were(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "regie.db")) as connection:
        connection.execute("create table meta (in_the_way)")
    with pytest.raises(Unavailable, match="meta already exists"):
        Database.open(tmp_path)
    assert tables(tmp_path) == ["meta"]


def test_a_migration_that_is_killed_leaves_the_tables_as_they_were_and_is_made_up_for(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, signal, sqlalchemy
from regie.store.database import Database
def kill(connection, cursor, statement, *_):
    if "CREATE TABLE meta" in statement:
        os.kill(os.getpid(), signal.SIGKILL)
sqlalchemy.event.listen(sqlalchemy.Engine, "after_cursor_execute", kill)
Database.open(pathlib.Path({str(tmp_path)!r}))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == -signal.SIGKILL
    assert tables(tmp_path) == []
    Database.open(tmp_path).close()
    assert {"meta", "productions"} <= set(tables(tmp_path))


@pytest.mark.parametrize("logged_in", [True, False])
def test_an_older_store_that_somebody_uses_counts_as_taken_over(tmp_path: Path, logged_in: bool) -> None:
    database = Database.open(tmp_path)
    if logged_in:
        database.run(create_token, "a program", Role.VIEWER, 1.0, None)
    database.close()
    with create_engine(f"sqlite:///{tmp_path / 'regie.db'}").begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        downgrade(config, "0002")
    database = Database.open(tmp_path)
    assert database.run(is_claimed) is logged_in
    database.close()


def test_rows_refer_to_those_that_are_there_also_right_after_a_migration(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    assert database.run(lambda connection: connection.scalar(text("pragma foreign_keys"))) == 1
    database.close()


def test_postgresql_takes_every_table() -> None:
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=PGDialect()))  # type: ignore[no-untyped-call]


def test_opening_an_up_to_date_database_does_not_even_load_alembic(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    code = (
        "import sys, pathlib; from regie.store.database import Database; "
        f"Database.open(pathlib.Path({str(tmp_path)!r})).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0


def test_two_processes_that_find_an_empty_directory_do_not_quarrel(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        assert list(pool.map(_open, [tmp_path] * 4)) == [HEAD] * 4


def _open(directory: Path) -> str:
    database = Database.open(directory)
    try:
        return str(database.run(lambda connection: connection.scalar(text("select * from alembic_version"))))
    finally:
        database.close()


def test_a_database_url_that_is_none_names_its_setting_and_hides_its_password(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as raised:
        Database.open(tmp_path, "postgresql+nonsense://regie:hunter2@db/regie")
    assert "REGIE_DATABASE_URL" in raised.value.message
    assert "hunter2" not in raised.value.message


def test_a_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "regie.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(Unavailable, match="the database does not work: file is not a database"):
        Database.open(tmp_path)


def test_a_database_that_cannot_be_written_says_so_without_values(tmp_path: Path) -> None:
    database = Database.open(tmp_path)

    def read_only(connection: Connection) -> None:
        connection.execute(text("pragma query_only=1"))
        _insert(connection, "hunter2")

    with pytest.raises(Unavailable, match="readonly") as raised:
        database.run(read_only)
    database.close()
    assert "hunter2" not in str(raised.value)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="the data directory cannot be used"):
        Database.open(tmp_path / "file" / "data")


def _insert(connection: Connection, value: str) -> None:
    connection.execute(text("insert into meta (key, value) values ('k', :value)"), {"value": value})


def test_a_failed_piece_of_work_leaves_nothing_behind(database: Database) -> None:
    def half(connection: Connection) -> None:
        _insert(connection, "one")
        _insert(connection, "two")

    with pytest.raises(Conflict):
        database.run(half)
    assert (
        database.run(lambda connection: connection.scalar(text("select count(*) from meta where key = 'k'")))
        == 0
    )


async def test_work_runs_beside_the_event_loop(database: Database) -> None:
    await database(_insert, "one")
    assert (
        await database(lambda connection: connection.scalar(text("select value from meta where key = 'k'")))
        == "one"
    )


def test_the_journal_survives_a_crash_and_readers_do_not_wait_for_the_writer(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    assert database.run(lambda connection: connection.scalar(text("pragma journal_mode"))) == "wal"
    with sqlite3.connect(tmp_path / "regie.db", isolation_level=None) as other:
        other.execute("begin immediate")
        other.execute("insert into meta values ('x', 'y')")
        assert (
            database.run(
                lambda connection: connection.scalar(text("select count(*) from meta where key = 'x'"))
            )
            == 0
        )
        other.execute("rollback")
    other.close()
    database.close()


@pytest.mark.skipif(
    "REGIE_TEST_POSTGRESQL_URL" not in os.environ, reason="REGIE_TEST_POSTGRESQL_URL is not set"
)
def test_a_postgresql_database_is_created_and_used(tmp_path: Path) -> None:
    database = Database.open(tmp_path, os.environ["REGIE_TEST_POSTGRESQL_URL"])
    assert database.run(lambda connection: connection.scalar(text("select count(*) from sources"))) == 0
    database.close()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("UNIQUE constraint failed: sources.id", "this source exists already"),
        (
            'duplicate key value violates unique constraint "pk_sources"\nDETAIL: Key (id)=(hunter2) exists.',
            "this source exists already",
        ),
        ('duplicate key value violates unique constraint "uq_tokens_hash"', "this token exists already"),
        ("FOREIGN KEY constraint failed", "what this refers to has been deleted"),
        (
            'insert on table "sessions" violates foreign key constraint "fk"',
            "what this refers to has been deleted",
        ),
    ],
)
def test_a_conflict_is_told_in_words_without_sql_and_values(said: str, told: str) -> None:
    conflict = conflict_from_driver(said)
    assert conflict is not None
    assert conflict.message == told


def test_what_no_row_may_hold_is_a_fault_and_no_conflict(database: Database) -> None:
    with pytest.raises(Unavailable, match="NOT NULL"):
        database.run(lambda connection: connection.execute(text("insert into meta (key) values ('k')")))


def test_a_store_of_a_newer_regie_says_so(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "regie.db") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(Unavailable, match="newer Regie"):
        Database.open(tmp_path)
