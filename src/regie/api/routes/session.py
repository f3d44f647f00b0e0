"""Logging in and out of the browser, and who am I."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from regie.api.access import PUBLIC, VIEWER, GuardedRoute
from regie.api.leaving import send_away
from regie.api.models import Asked, WhoAmI
from regie.api.routes import API
from regie.api.services import ServicesDep
from regie.domain.access import Identity
from regie.store.sessions import delete_session

router = APIRouter(prefix=f"{API}/session", tags=["session"], route_class=GuardedRoute)


class LogIn(Asked):
    token: str = Field(min_length=1, max_length=200, description="what stands behind # in a log-in link")


@router.post("", dependencies=[PUBLIC])
async def log_in(asked: LogIn, request: Request, response: Response, services: ServicesDep) -> WhoAmI:
    """Open a browser session with the token of a log-in link, or with an API token."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        services.access.check_origin(request)  # nobody logs a visitor of theirs in here
    session, cookie = await services.access.log_in(asked.token, request)
    services.access.set_cookie(response, cookie, request)
    return WhoAmI(role=session.role, name=session.name, expires_at=session.expires_at)


@router.get("")
async def who_am_i(identity: Annotated[Identity, VIEWER]) -> WhoAmI:
    """Who is logged in, with which role and until when."""
    return WhoAmI(role=identity.role, name=identity.name, expires_at=identity.expires_at)


@router.delete("", status_code=204)
async def log_out(
    identity: Annotated[Identity, VIEWER], request: Request, response: Response, services: ServicesDep
) -> None:
    """End this browser session. With an API token nothing happens."""
    if identity.session_id is not None:
        await services.database(delete_session, identity.session_id)
        await send_away(services, identity.session_id)
    services.access.clear_cookie(response, request)
