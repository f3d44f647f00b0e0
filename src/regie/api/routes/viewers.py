"""Viewers: who watches what, and how well it reaches them."""

from typing import Annotated

from fastapi import APIRouter, Path

from regie.api.access import OPERATOR, VIEWER, GuardedRoute
from regie.api.discretion import seen_by
from regie.api.models import Viewer
from regie.api.picture import EDGE, public_session, viewers_from_stats
from regie.api.routes import API
from regie.api.services import ServicesDep
from regie.domain.access import Identity
from regie.domain.errors import NotFound

router = APIRouter(prefix=f"{API}/viewers", tags=["viewers"], route_class=GuardedRoute)


@router.get("")
async def list_viewers(identity: Annotated[Identity, VIEWER], services: ServicesDep) -> list[Viewer]:
    """Everyone who watches at this moment, asked of the edge just now. Only operators see from where."""
    stats = await services.engine.worker_call(EDGE, "stats")
    return [seen_by(identity, viewer) for viewer in viewers_from_stats(stats)]


@router.delete("/{session}", status_code=204, dependencies=[OPERATOR])
async def hang_up(session: Annotated[str, Path(max_length=64)], services: ServicesDep) -> None:
    """End one viewer's connection. A page of ours connects again; log the person out to keep them away."""
    stats = await services.engine.worker_call(EDGE, "stats")
    for viewer in stats.get("viewers") or []:
        if public_session(str(viewer["session"])) == session:
            await services.engine.worker_call(EDGE, "hangup", {"session": viewer["session"]})
            return
    raise NotFound(f"there is no viewer {session!r}")
