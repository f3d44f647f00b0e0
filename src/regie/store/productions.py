"""Productions, each as the document its mixer is made of."""

from sqlalchemy import Connection, insert, select, update

from regie.domain.errors import Invalid, NotFound
from regie.domain.production import Production
from regie.domain.workers import Json
from regie.store.tables import productions


def all_productions(connection: Connection) -> list[Production]:
    rows = connection.execute(select(productions).order_by(productions.c.created_at, productions.c.id))
    return [_production(row.id, row.document) for row in rows]


def add_production(connection: Connection, production: Production, now: float) -> None:
    connection.execute(
        insert(productions).values(
            id=production.id,
            name=production.name,
            document=production.to_wire(),
            created_at=now,
            updated_at=now,
        )
    )


def change_production(connection: Connection, production: Production, now: float) -> None:
    mine = productions.c.id == production.id
    values = {"name": production.name, "document": production.to_wire(), "updated_at": now}
    if connection.execute(update(productions).where(mine).values(values)).rowcount == 0:
        raise NotFound(f"there is no production {production.id!r}")


def seed_production(connection: Connection, production: Production, now: float) -> bool:
    """A store without any gets this one: a fresh one, and one from before there were productions."""
    if connection.execute(select(productions.c.id).limit(1)).first():
        return False
    add_production(connection, production, now)
    return True


def _production(production_id: str, document: Json) -> Production:
    try:
        return Production.from_wire(document)
    except Invalid as error:
        raise Invalid(
            f"the production {production_id!r} in the database is damaged: {error.message}",
            "restore the database from a backup",
        ) from error
