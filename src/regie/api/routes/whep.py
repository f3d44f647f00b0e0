"""WHEP (draft-ietf-wish-whep-03): HTTP here, WebRTC in the edge worker."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Request, Response

from regie.api.access import PUBLIC, VIEWER, GuardedRoute
from regie.api.picture import EDGE
from regie.api.problems import problem_response
from regie.api.routes.paths import PathName, known_path, running_path
from regie.api.services import Services, ServicesDep
from regie.domain.access import Identity
from regie.domain.errors import Conflict, Invalid, NotSupported, TooMany
from regie.domain.workers import Json
from regie.settings import IceServer

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
OFFER_TIMEOUT_S = 5.0
PREFLIGHT = {
    "Access-Control-Allow-Methods": "OPTIONS, GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}

router = APIRouter(prefix="/whep", tags=["whep"], route_class=GuardedRoute)


def _body(content_type: str) -> dict[str, Any]:
    content = {content_type: {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "content": content}}


SessionId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{8,80}$")]


@router.options("/session/{session}", dependencies=[PUBLIC], status_code=204)
async def session_options(session: SessionId, response: Response) -> None:  # noqa: ARG001 - the same for all
    """What a session takes: for browsers that ask before they send."""
    response.headers.update(PREFLIGHT | {"Accept-Patch": FRAGMENT})


@router.patch(
    "/session/{session}",
    dependencies=[VIEWER],
    status_code=204,
    openapi_extra=_body(FRAGMENT),
)
async def trickle(
    session: SessionId,
    request: Request,
    services: ServicesDep,
    if_match: Annotated[str | None, Header(max_length=200, description="the ETag of the answer")] = None,
) -> Response:
    """Add ICE candidates to a session."""
    fragment = await _text(request, FRAGMENT)
    if if_match is None:
        error = Invalid("send If-Match with the ETag that came with the answer")
        return problem_response(error, 428)
    args = {"session": session, "etag": if_match, "fragment": fragment}
    try:
        await services.engine.worker_call(EDGE, "candidates", args)
    except Conflict as error:
        return problem_response(error, 412)
    except NotSupported as error:
        return problem_response(error, 422)
    return Response(status_code=204)


@router.delete("/session/{session}", dependencies=[VIEWER], response_class=Response)
async def end(session: SessionId, services: ServicesDep) -> Response:
    """End a session. Its URL is a secret that only its viewer got, so the role viewer is enough."""
    await services.engine.worker_call(EDGE, "hangup", {"session": session})
    return Response(status_code=200)


@router.options("/{path:path}", dependencies=[PUBLIC], status_code=204)
async def endpoint_options(path: PathName, response: Response) -> None:  # noqa: ARG001 - the same for all
    """What an endpoint takes: for browsers that ask before they send."""
    response.headers.update(PREFLIGHT | {"Accept-Post": SDP})


@router.get("/{path:path}", dependencies=[VIEWER], status_code=204)
async def endpoint(path: PathName, services: ServicesDep, response: Response) -> None:
    """Nothing to read here, says the protocol; but it tells the ICE servers, and whether this path exists."""
    known_path(services.picture, path)
    response.headers["Accept-Post"] = SDP
    _add_ice_links(response, services)


@router.post(
    "/{path:path}",
    status_code=201,
    response_class=Response,
    openapi_extra=_body(SDP),
    responses={201: {"content": {SDP: {"schema": {"type": "string"}}}}},
)
async def watch(
    path: PathName, request: Request, identity: Annotated[Identity, VIEWER], services: ServicesDep
) -> Response:
    """Watch a path: SDP offer in; SDP answer, session URL and ICE servers out."""
    offer = await _text(request, SDP)
    state = running_path(services.picture, path)
    args = {
        "path": state.name,
        "sdp": offer,
        "viewer": _who(request, identity),
        "max_viewers": services.picture.max_viewers(state.name),
    }
    try:
        agreed = await services.engine.worker_call(EDGE, "offer", args, OFFER_TIMEOUT_S)
    except Invalid as error:
        return problem_response(error, 400)
    except TooMany as error:
        return problem_response(error, 503)
    headers = {
        "Location": f"/whep/session/{agreed['session']}",
        "ETag": agreed["etag"],
        "Accept-Patch": FRAGMENT,
    }
    response = Response(agreed["answer"], 201, headers, SDP)
    _add_ice_links(response, services)
    return response


def _who(request: Request, identity: Identity) -> Json:
    """For the edge: whose name it shows, and when it has to hang up."""
    return {
        "name": identity.name,
        "remote": request.client.host if request.client else "",
        "owners": [owner for owner in (identity.session_id, identity.token_id) if owner],
        "expires_at": identity.expires_at,
    }


def _add_ice_links(response: Response, services: Services) -> None:
    for link in ice_links(services.settings.ice_servers):
        response.headers.append("Link", link)


def ice_links(servers: Iterable[IceServer]) -> Iterator[str]:
    """ICE servers as WHIP (RFC 9725, 4.6) writes them in Link headers."""
    for server in servers:
        secret = server.credential.get_secret_value()
        extras = ""
        if server.username:
            extras = f'; username="{_quoted(server.username)}"; credential="{_quoted(secret)}"'
            extras += '; credential-type="password"'
        yield from (f'<{url}>; rel="ice-server"{extras}' for url in server.urls)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


async def _text(request: Request, content_type: str) -> str:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        raise NotSupported(f"this takes {content_type}, not {given[:60] or 'a body without a type'}")
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, "the body is not text") from error
