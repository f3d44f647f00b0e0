"""Who may come in: API tokens, log-in links, and the browser sessions they opened."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from regie.api.access import ADMIN, GuardedRoute
from regie.api.leaving import send_away
from regie.api.models import Asked, Name
from regie.api.routes import API
from regie.api.services import ServicesDep
from regie.domain.access import Identity, Role
from regie.domain.sources import checked_name
from regie.store import links, sessions, tokens

DAY_S = 86400.0

router = APIRouter(prefix=API, tags=["access"], route_class=GuardedRoute)

Id = Annotated[str, Path(max_length=24)]


class NewToken(Asked):
    name: Name
    role: Role
    expires_days: int | None = Field(None, ge=1, le=3650, description="never if left out")


class TokenInfo(BaseModel):
    id: str
    name: str
    role: Role
    created_at: float
    expires_at: float | None
    last_used_at: float | None


class MadeToken(TokenInfo):
    token: str = Field(description="shown this once; only its hash is kept")


class NewLink(Asked):
    name: Name
    role: Role
    expires_hours: int = Field(24, ge=1, le=24 * 30)
    uses: int = Field(1, ge=1, le=1000, description="how often one may log in with it")


class LinkInfo(BaseModel):
    id: str
    name: str
    role: Role
    created_at: float
    expires_at: float
    uses_left: int


class MadeLink(LinkInfo):
    url: str = Field(description="shown this once")


class SessionInfo(BaseModel):
    id: str
    name: str
    role: Role
    address: str = Field(description="from where it was opened")
    browser: str
    created_at: float
    last_seen_at: float
    expires_at: float
    current: bool = Field(description="the session this was asked with")


@router.get("/tokens", dependencies=[ADMIN])
async def list_tokens(services: ServicesDep) -> list[TokenInfo]:
    """API tokens, without their secrets."""
    return [_token(token) for token in await services.database(tokens.all_tokens)]


@router.post("/tokens", status_code=201, dependencies=[ADMIN])
async def make_token(asked: NewToken, services: ServicesDep) -> MadeToken:
    """Make an API token. It is shown in this answer and never again."""
    now = time.time()
    until = now + asked.expires_days * DAY_S if asked.expires_days else None
    name = checked_name(asked.name)
    token, secret = await services.database(tokens.create_token, name, asked.role, now, until)
    return MadeToken(**_token(token).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", status_code=204, dependencies=[ADMIN])
async def revoke_token(token_id: Id, services: ServicesDep) -> None:
    """Revoke a token at once, and end the browser sessions opened with it. All their pictures end now."""
    await services.database(tokens.delete_token, token_id)
    await send_away(services, token_id)


def _token(token: tokens.Token) -> TokenInfo:
    return TokenInfo.model_validate(token, from_attributes=True)


@router.get("/links", dependencies=[ADMIN])
async def list_links(services: ServicesDep) -> list[LinkInfo]:
    """Log-in links that still work, without their secrets."""
    found = await services.database(links.all_links, time.time())
    return [LinkInfo.model_validate(link, from_attributes=True) for link in found]


@router.post("/links", status_code=201, dependencies=[ADMIN])
async def make_link(asked: NewLink, request: Request, services: ServicesDep) -> MadeLink:
    """Make a log-in link to send to somebody. It is shown in this answer and never again."""
    life_s, name = asked.expires_hours * 3600.0, checked_name(asked.name)
    link, secret = await services.database(
        links.add_link, name, asked.role, time.time(), life_s=life_s, uses=asked.uses
    )
    base = services.settings.public_url or str(request.base_url).rstrip("/")
    info = LinkInfo.model_validate(link, from_attributes=True)
    return MadeLink(**info.model_dump(), url=f"{base}/login#{secret}")


@router.delete("/links/{link_id}", status_code=204, dependencies=[ADMIN])
async def revoke_link(link_id: Id, services: ServicesDep) -> None:
    """Nobody can log in with it any more. Sessions it opened stay; end them under sessions."""
    await services.database(links.delete_link, link_id)


@router.get("/sessions")
async def list_sessions(identity: Annotated[Identity, ADMIN], services: ServicesDep) -> list[SessionInfo]:
    """Browsers that are logged in."""
    found = await services.database(sessions.all_sessions, time.time())
    return [
        SessionInfo(
            id=session.id,
            name=session.name,
            role=session.role,
            address=session.address,
            browser=session.browser,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            current=session.id == identity.session_id,
        )
        for session in found
    ]


@router.delete("/sessions/{session_id}", status_code=204, dependencies=[ADMIN])
async def end_session(session_id: Id, services: ServicesDep) -> None:
    """Log a browser out at once. Its open pages lose their events and pictures now."""
    await services.database(sessions.delete_session, session_id)
    await send_away(services, session_id)
