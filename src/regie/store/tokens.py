"""API tokens: shown once when made, then known by their hash alone."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from regie.domain.access import TOKEN_PREFIX, Role, secret_hash
from regie.domain.errors import NotFound
from regie.store.claim import claim
from regie.store.tables import tokens

USED_AT_STEP_S = 60.0  # how exact "last used" is: not every request writes


@dataclass(frozen=True)
class Token:
    id: str
    name: str
    role: Role
    created_at: float
    expires_at: float | None
    last_used_at: float | None


def new_secret(prefix: str = "") -> str:
    """256 random bits, safe in a URL."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    return secrets.token_hex(8)


def create_token(
    connection: Connection, name: str, role: Role, now: float, expires_at: float | None
) -> tuple[Token, str]:
    """The token as it is listed, and the secret itself, which nobody can read again."""
    token, secret = Token(new_id(), name, role, now, expires_at, None), new_secret(TOKEN_PREFIX)
    connection.execute(
        insert(tokens).values(
            id=token.id,
            name=name,
            role=role.value,
            hash=secret_hash(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    claim(connection)
    return token, secret


def all_tokens(connection: Connection) -> list[Token]:
    return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.created_at))]


def valid_token(connection: Connection, secret: str, now: float) -> Token | None:
    """The token with this secret, unless it has expired. Notes that it was used."""
    alive = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    row = connection.execute(select(tokens).where(tokens.c.hash == secret_hash(secret), alive)).first()
    if row is None:
        return None
    token = _token(row)
    if token.last_used_at is None or now - token.last_used_at > USED_AT_STEP_S:
        connection.execute(update(tokens).where(tokens.c.id == token.id).values(last_used_at=now))
    return token


def delete_token(connection: Connection, token_id: str) -> None:
    """Revoke a token. Browser sessions that were opened with it end, too."""
    if connection.execute(delete(tokens).where(tokens.c.id == token_id)).rowcount == 0:
        raise NotFound(f"there is no token {token_id!r}")


def _token(row: Row[Any]) -> Token:
    return Token(row.id, row.name, Role(row.role), row.created_at, row.expires_at, row.last_used_at)
