"""Log-in links: a secret that opens a browser session, once or a few times, for a while."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from regie.domain.access import LINK_LIFE_S, Role, secret_hash
from regie.domain.errors import NotFound
from regie.settings import Settings
from regie.store.claim import claim, is_claimed
from regie.store.database import Database
from regie.store.tables import links
from regie.store.tokens import new_id, new_secret


@dataclass(frozen=True)
class Link:
    id: str
    name: str
    role: Role
    created_at: float
    expires_at: float
    uses_left: int


def create_link(
    settings: Settings, role: Role = Role.ADMIN, name: str = "", life_s: float = LINK_LIFE_S, uses: int = 1
) -> str:
    """For the command line: the secret of a new log-in link, made in the store itself, server or not."""
    database = Database.open(settings.data_dir, settings.database_url)
    try:
        return database.run(
            add_link, name or role.value.title(), role, time.time(), life_s=life_s, uses=uses
        )[1]
    finally:
        database.close()


def nobody_logged_in(settings: Settings) -> bool:
    """Whether this is still the first start: nobody ever logged in or made a token."""
    database = Database.open(settings.data_dir, settings.database_url)
    try:
        return not database.run(is_claimed)
    finally:
        database.close()


def add_link(
    connection: Connection, name: str, role: Role, now: float, *, life_s: float, uses: int
) -> tuple[Link, str]:
    link, secret = Link(new_id(), name, role, now, now + life_s, uses), new_secret()
    connection.execute(
        insert(links).values(
            id=link.id,
            name=name,
            role=role.value,
            hash=secret_hash(secret),
            created_at=now,
            expires_at=link.expires_at,
            uses_left=uses,
        )
    )
    return link, secret


def all_links(connection: Connection, now: float) -> list[Link]:
    """The links that still work."""
    usable = (links.c.expires_at > now, links.c.uses_left > 0)
    return [
        _link(row) for row in connection.execute(select(links).where(*usable).order_by(links.c.created_at))
    ]


def spend_link(connection: Connection, secret: str, now: float) -> Link | None:
    """Use a link once; None when it is unknown, used up or too old. Two at the same time cannot both win."""
    usable = (links.c.hash == secret_hash(secret), links.c.expires_at > now, links.c.uses_left > 0)
    changed = connection.execute(update(links).where(*usable).values(uses_left=links.c.uses_left - 1))
    if changed.rowcount == 0:
        return None
    claim(connection)
    return _link(connection.execute(select(links).where(links.c.hash == secret_hash(secret))).one())


def delete_link(connection: Connection, link_id: str) -> None:
    """Nobody can log in with it any more; sessions it opened stay until they are ended."""
    if connection.execute(delete(links).where(links.c.id == link_id)).rowcount == 0:
        raise NotFound(f"there is no link {link_id!r}")


def forget_dead_links(connection: Connection, now: float) -> None:
    connection.execute(delete(links).where((links.c.expires_at <= now) | (links.c.uses_left <= 0)))


def _link(row: Row[Any]) -> Link:
    return Link(row.id, row.name, Role(row.role), row.created_at, row.expires_at, row.uses_left)
