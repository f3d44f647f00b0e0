"""One database: opened, brought up to date, and used from threads so that the event loop never waits."""

import asyncio
import contextlib
import fcntl
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Concatenate, Self

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from regie.domain.errors import Conflict, Invalid, Unavailable
from regie.domain.redact import redact
from regie.store.migrations import HEAD

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 5

THINGS = {
    "sources": "source",
    "productions": "production",
    "tokens": "token",
    "links": "link",
    "sessions": "log-in",
    "meta": "note",
}
_TABLE = "|".join(THINGS)
_DUPLICATE = re.compile(
    r"UNIQUE constraint failed: (?P<sqlite>\w+)\."
    rf"|duplicate key value violates unique constraint \"(?:pk|uq)_(?P<postgresql>{_TABLE})"
)
_DANGLING = re.compile(r"FOREIGN KEY constraint failed|violates foreign key constraint")

type Work[**P, T] = Callable[Concatenate[Connection, P], T]


class Database:
    """Runs functions that take a connection, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, data_dir: Path, url: str = "") -> Self:
        """Open the database, and create it or bring it up to date first if need be."""
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            database = cls(_engine(data_dir, url))
            with translated_errors(), _only_one(data_dir / "migrate.lock"):
                if _revision(database._engine) != HEAD:
                    _upgrade(database._engine)
        except OSError as error:
            raise Unavailable(
                f"the data directory cannot be used: {error}", f"check who owns {data_dir} and its free space"
            ) from error
        return database

    def run[**P, T](self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in one transaction: all of it or nothing."""
        with translated_errors(), self._engine.begin() as connection:
            return work(connection, *args, **kwargs)

    async def __call__[**P, T](self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(lambda: self.run(work, *args, **kwargs))

    def close(self) -> None:
        self._engine.dispose()


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """The one place where SQLAlchemy's errors become ours. They carry no SQL and no values."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, IntegrityError) and (conflict := conflict_from_driver(str(error.orig))):
            raise conflict from error
        reason = redact(str(error.orig)).splitlines()[0]
        raise Unavailable(
            f"the database does not work: {reason}",
            "is the disk full or read-only, or the database server away?",
        ) from error
    except SQLAlchemyError as error:
        raise Unavailable(f"the database does not work: {type(error).__name__}") from error


def conflict_from_driver(text: str) -> Conflict | None:
    """What SQLite or PostgreSQL says of a row that is there already, or of one that is not there any more."""
    if found := _DUPLICATE.search(text):
        thing = THINGS.get(found["sqlite"] or found["postgresql"], "entry")
        return Conflict(f"this {thing} exists already", "load the page again; perhaps somebody was faster")
    if _DANGLING.search(text):
        return Conflict("what this refers to has been deleted", "load the page again")
    return None


def _engine(data_dir: Path, url: str) -> Engine:
    try:
        target = make_url(url or f"sqlite:///{data_dir / 'regie.db'}")
        engine = create_engine(target, pool_pre_ping=target.get_backend_name() != "sqlite")
    except (SQLAlchemyError, ImportError) as error:
        raise Invalid(
            f"REGIE_DATABASE_URL {redact(url)!r} cannot be used: {redact(str(error))}",
            "for SQLite leave it out; PostgreSQL also needs its driver: pip install 'regie[postgresql]'",
        ) from error
    if target.get_backend_name() == "sqlite":
        if target.database:
            Path(target.database).touch(mode=0o600)  # SQLite gives -wal and -shm the same mode
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_S * 1000}", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """`regie link` and the server may both find an empty store: one creates it, the other waits."""
    lock.touch(mode=0o600)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _revision(engine: Engine) -> str | None:
    """What alembic noted, read without importing alembic: that takes longer than all of this."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()


def _upgrade(engine: Engine) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it says much, also while it is loaded
    from alembic import command  # noqa: PLC0415 - only when there is something to do
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    log.info("bringing the database to revision %s", HEAD)
    config = Config()
    config.set_main_option("script_location", "regie.store:migrations")
    with _all_or_nothing(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:  # its revision is none that this code knows
            raise Unavailable(
                "this database was made by a newer Regie", "upgrade again, or restore a copy from before"
            ) from error


@contextlib.contextmanager
def _all_or_nothing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds changes of tables, too: Python's SQLite begins none for them by itself."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # alembic replaces tables others refer to
        connection.rollback()
        try:
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise Unavailable(
                        "the database cannot be brought up to date: rows refer to others that are not there",
                        "restore a copy from before",
                    )
        finally:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
