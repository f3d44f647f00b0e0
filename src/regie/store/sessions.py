"""Browser sessions: a row each, so that any of them can be ended."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from regie.domain.access import SESSION_LIFE_S, Role, secret_hash
from regie.domain.errors import NotFound
from regie.store.claim import claim
from regie.store.tables import sessions
from regie.store.tokens import new_id, new_secret


@dataclass(frozen=True)
class Session:
    id: str
    name: str
    role: Role
    token_id: str | None
    address: str
    browser: str
    created_at: float
    last_seen_at: float
    expires_at: float


@dataclass(frozen=True)
class Login:
    """What a session is opened with."""

    name: str
    role: Role
    address: str
    browser: str
    token_id: str | None = None
    admin_token_hash: str | None = None
    until: float | None = None  # no longer than the token that opened it


def create_session(connection: Connection, login: Login, now: float) -> tuple[Session, str]:
    """The session, and the secret that its cookie carries."""
    expires_at = min(now + SESSION_LIFE_S, login.until or now + SESSION_LIFE_S)
    secret, session_id = new_secret(), new_id()
    connection.execute(
        insert(sessions).values(
            id=session_id,
            name=login.name,
            role=login.role.value,
            hash=secret_hash(secret),
            token_id=login.token_id,
            admin_token_hash=login.admin_token_hash,
            address=login.address[:64],
            browser=login.browser[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )
    )
    claim(connection)
    row = connection.execute(select(sessions).where(sessions.c.id == session_id)).one()
    return _session(row), secret


def valid_session(connection: Connection, secret: str, now: float) -> Session | None:
    alive = (sessions.c.hash == secret_hash(secret), sessions.c.expires_at > now)
    row = connection.execute(select(sessions).where(*alive)).first()
    return _session(row) if row else None


def renew_session(connection: Connection, session_id: str, now: float) -> None:
    """Slide a session on. Those opened with a token end with the token, whatever happens."""
    mine = sessions.c.id == session_id
    connection.execute(update(sessions).where(mine).values(last_seen_at=now))
    slides = (mine, sessions.c.token_id.is_(None))
    connection.execute(update(sessions).where(*slides).values(expires_at=now + SESSION_LIFE_S))


def session_expiry(connection: Connection, session_id: str) -> float:
    """When it ends as things stand now; long ago if it was ended."""
    mine = select(sessions.c.expires_at).where(sessions.c.id == session_id)
    return float(connection.execute(mine).scalar() or 0.0)


def all_sessions(connection: Connection, now: float) -> list[Session]:
    alive = sessions.c.expires_at > now
    rows = connection.execute(select(sessions).where(alive).order_by(sessions.c.last_seen_at.desc()))
    return [_session(row) for row in rows]


def delete_session(connection: Connection, session_id: str) -> None:
    if connection.execute(delete(sessions).where(sessions.c.id == session_id)).rowcount == 0:
        raise NotFound(f"there is no session {session_id!r}")


def forget_dead_sessions(connection: Connection, now: float, admin_token_hash: str | None) -> None:
    """Those that have expired, and those opened with an admin token that is no longer the one."""
    opened_with = sessions.c.admin_token_hash
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    stale = opened_with.is_not(None) & (opened_with != (admin_token_hash or ""))
    connection.execute(delete(sessions).where(stale))


def _session(row: Row[Any]) -> Session:
    return Session(
        row.id,
        row.name,
        Role(row.role),
        row.token_id,
        row.address,
        row.browser,
        row.created_at,
        row.last_seen_at,
        row.expires_at,
    )
