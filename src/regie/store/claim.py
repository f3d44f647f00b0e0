"""Whether anybody has taken this Regie over. Once is for ever, whatever is revoked or forgotten later."""

from sqlalchemy import Connection, select, update

from regie.store.tables import meta

_CLAIMED = meta.c.key == "claimed"  # a row that is always there, so that two at the same time cannot collide


def is_claimed(connection: Connection) -> bool:
    return connection.execute(select(meta.c.value).where(_CLAIMED)).scalar() == "yes"


def claim(connection: Connection) -> None:
    if not is_claimed(connection):
        connection.execute(update(meta).where(_CLAIMED).values(value="yes"))
