"""Sources, in the order in which they were added."""

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from regie.domain.sources import Source
from regie.store.tables import meta, sources


def all_sources(connection: Connection) -> list[Source]:
    rows = connection.execute(select(sources).order_by(sources.c.created_at, sources.c.id))
    return [_source(row) for row in rows]


def add_source(connection: Connection, source: Source) -> None:
    connection.execute(insert(sources).values(_values(source)))


def change_source(connection: Connection, source: Source) -> None:
    connection.execute(update(sources).where(sources.c.id == source.id).values(_values(source)))


def delete_source(connection: Connection, source: Source) -> None:
    connection.execute(delete(sources).where(sources.c.id == source.id))


def seed_sources(connection: Connection, demo: list[Source]) -> bool:
    """Fill a store that was never filled. Once: a demo that was deleted does not come back."""
    if connection.execute(select(meta.c.value).where(meta.c.key == "seeded")).first():
        return False
    connection.execute(insert(meta).values(key="seeded", value="demo"))
    connection.execute(insert(sources), [_values(source) for source in demo])
    return True


def _source(row: Row[Any]) -> Source:
    return Source(**row._mapping)


def _values(source: Source) -> dict[str, Any]:
    return {column.name: getattr(source, column.name) for column in sources.c}
