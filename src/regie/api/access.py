"""Who is asking: cookies, tokens, and the role that each route needs."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from regie.api.services import services
from regie.domain.access import (
    SAFE_METHODS,
    SESSION_LIFE_S,
    Attempts,
    Identity,
    Role,
    address_key,
    cookie_from_secret,
    needs_renewal,
    origin_of,
    same_origin,
    same_secret,
    secret_from_cookie,
    secret_hash,
)
from regie.domain.errors import NotAllowed, TooMany, Unauthenticated
from regie.settings import Settings
from regie.store.database import Database
from regie.store.links import spend_link
from regie.store.sessions import Login, Session, create_session, renew_session, session_expiry, valid_session
from regie.store.tokens import valid_token

_IDENTITY = "regie.identity"
_RENEWED = "regie.renewed_cookie"


class Access:
    """Knows the secrets, and counts those who guess."""

    def __init__(self, settings: Settings, database: Database, key: bytes, cli_token: str) -> None:
        self._database = database
        self._key = key
        self._admin_token = settings.admin_token.get_secret_value() if settings.admin_token else None
        self._cli_token = cli_token
        self._public_origin = origin_of(settings.public_url or "")
        self._secure = (settings.public_url or "").startswith("https:")
        self.cookie_name = f"regie_{settings.http_port}"
        self._attempts = Attempts()
        self.failures = 0

    @property
    def admin_token_hash(self) -> str | None:
        return secret_hash(self._admin_token) if self._admin_token else None

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Who is asking; None when nobody says so. A wrong token is an error, an old cookie is not."""
        if authorization := connection.headers.get("authorization"):
            return await self._by_token(authorization, _address(connection))
        cookie = connection.cookies.get(self.cookie_name)
        secret = secret_from_cookie(cookie, self._key) if cookie else None
        if secret is None:
            return None
        session = await self._database(valid_session, secret, time.time())
        if session is None:
            return None
        changes = connection.scope.get("method") not in SAFE_METHODS  # a WebSocket counts as a change
        if changes:
            self.check_origin(connection)
        used_before = session.last_seen_at + SESSION_LIFE_S
        if "method" in connection.scope and needs_renewal(used_before, time.time()):
            await self._database(renew_session, session.id, time.time())
            connection.scope[_RENEWED] = cookie
        return Identity(session.role, session.name, session.id, session.token_id, session.expires_at)

    async def expiry(self, identity: Identity) -> float | None:
        """When this log-in ends as things stand now: sessions that are used go on."""
        if identity.session_id is None:
            return identity.expires_at
        return await self._database(session_expiry, identity.session_id)

    async def _by_token(self, authorization: str, address: str) -> Identity:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("this server takes Authorization: Bearer <token>")
        token = token.strip()
        if (identity := await self._by_random_token(token)) or (
            identity := self._by_admin_token(token, address)
        ):
            return identity
        self._count_failure(address)
        raise Unauthenticated("this token is not valid", "make a new one under Access, Tokens")

    async def _by_random_token(self, token: str) -> Identity | None:
        """One of those we made. Nobody can guess them, so they are let in also while a neighbour guesses."""
        if token and same_secret(token, self._cli_token):
            return Identity(Role.ADMIN, "command line")
        if known := await self._database(valid_token, token, time.time()):
            return Identity(known.role, known.name, token_id=known.id, expires_at=known.expires_at)
        return None

    def _by_admin_token(self, token: str, address: str) -> Identity | None:
        """The one somebody thought up: who has guessed too often has to wait, even with the right one."""
        self._check_attempts(address)
        if token and self._admin_token is not None and same_secret(token, self._admin_token):
            return Identity(Role.ADMIN, "REGIE_ADMIN_TOKEN")
        return None

    async def log_in(self, token: str, connection: HTTPConnection) -> tuple[Session, str]:
        """A new browser session, and its cookie, for the token of a link or an API token."""
        address = _address(connection)
        login = await self._login(token.strip(), address, connection.headers.get("user-agent", ""))
        if login is None:
            self._count_failure(address)
            raise Unauthenticated(
                "this link does not work: it was used already, is too old or was revoked",
                "ask for a new one; on the machine itself: regie link",
            )
        session, secret = await self._database(create_session, login, time.time())
        return session, cookie_from_secret(secret, self._key)

    async def _login(self, token: str, address: str, browser: str) -> Login | None:
        if link := await self._database(spend_link, token, time.time()):
            return Login(link.name, link.role, address, browser)
        if known := await self._by_random_token(token):
            name = known.name if known.token_id else "Admin"
            return Login(name, known.role, address, browser, known.token_id, until=known.expires_at)
        if known := self._by_admin_token(token, address):
            return Login("Admin", known.role, address, browser, admin_token_hash=self.admin_token_hash)
        return None

    def _check_attempts(self, address: str) -> None:
        wait_s = self._attempts.wait_s(address_key(address), time.monotonic())
        if wait_s > 0:
            raise TooMany(
                "too many wrong attempts from this address",
                f"wait {wait_s:.0f} seconds, then try again",
                retry_after_s=wait_s,
            )

    def _count_failure(self, address: str) -> None:
        self.failures += 1
        self._attempts.failed(address_key(address), time.monotonic())

    def check_origin(self, connection: HTTPConnection) -> None:
        """Refuse what another site's page made the browser send."""
        if not self.is_own_origin(connection):
            raise NotAllowed(
                "this request does not come from Regie's own pages",
                "behind a proxy, set REGIE_PUBLIC_URL to the address people type; programs use an API token",
            )

    def is_own_origin(self, connection: HTTPConnection) -> bool:
        headers, url = connection.headers, connection.url
        scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
        own = frozenset({origin_of(f"{scheme}://{headers.get('host', '')}"), self._public_origin})
        return same_origin(headers.get("origin"), headers.get("sec-fetch-site"), own)

    def set_cookie(self, response: Response, cookie: str, connection: HTTPConnection) -> None:
        response.set_cookie(
            self.cookie_name,
            cookie,
            max_age=int(SESSION_LIFE_S),
            httponly=True,
            samesite="strict",
            secure=self._secure or connection.url.scheme in ("https", "wss"),
        )

    def clear_cookie(self, response: Response, connection: HTTPConnection) -> None:
        connection.scope.pop(_RENEWED, None)
        response.delete_cookie(self.cookie_name, httponly=True, samesite="strict")


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else "unknown"


class Requires:
    """The role a route needs; None for what anyone may call. Every route has one: a test sees to it."""

    def __init__(self, role: Role | None) -> None:
        self.role = role

    async def __call__(self, connection: HTTPConnection) -> Identity | None:
        if self.role is None:
            return None
        if _IDENTITY not in connection.scope:
            connection.scope[_IDENTITY] = await services(connection).access.identify(connection)
        identity: Identity | None = connection.scope[_IDENTITY]
        if identity is None:
            raise Unauthenticated("log in first", "open your log-in link; on the machine itself: regie link")
        if not identity.role.includes(self.role):
            raise NotAllowed(f"this needs the role {self.role}, and you have {identity.role}")
        return identity


def requires(role: Role) -> Any:
    return Depends(Requires(role))


PUBLIC: Any = Depends(Requires(None))
VIEWER: Any = requires(Role.VIEWER)
OPERATOR: Any = requires(Role.OPERATOR)
ADMIN: Any = requires(Role.ADMIN)


def declared_role(route: APIRoute | Any) -> Requires | None:
    """What a route declares, among its dependencies."""
    found = [call for item in route.dependant.dependencies if isinstance(call := item.call, Requires)]
    return found[0] if found else None


class GuardedRoute(APIRoute):
    """A route that asks for the role before it reads the body, and renews a session's cookie."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        guard = declared_role(self)

        async def guarded(request: Request) -> Response:
            if guard is not None:
                await guard(request)
            response = await handle(request)
            if cookie := request.scope.get(_RENEWED):
                services(request).access.set_cookie(response, cookie, request)
            return response

        return guarded
