"""Paths: everything live that can be watched, with its figures and a still picture of now."""

import base64
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from regie.api.access import VIEWER, GuardedRoute
from regie.api.models import PathState, PathTiming
from regie.api.picture import TOOLS, Picture
from regie.api.routes import API
from regie.api.services import ServicesDep
from regie.domain.errors import Conflict, NotFound
from regie.domain.workers import WorkerState

SNAPSHOT_TIMEOUT_S = 8.0
TIMING_TIMEOUT_S = 25.0

router = APIRouter(prefix=f"{API}/paths", tags=["paths"], route_class=GuardedRoute)

PathName = Annotated[str, Path(max_length=100, examples=["src/cam1"])]


@router.get("", dependencies=[VIEWER])
async def list_paths(services: ServicesDep) -> list[PathState]:
    """Everything that can be watched, also what is stopped or does not come just now."""
    return services.picture.all_paths()


@router.get(
    "/{path:path}/snapshot.jpg",
    dependencies=[VIEWER],
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def snapshot(
    path: PathName,
    services: ServicesDep,
    width: Annotated[int | None, Query(ge=16, le=3840, description="pixels; as it is if left out")] = None,
) -> Response:
    """The picture of this moment as JPEG."""
    state = running_path(services.picture, path)
    args = {"path": state.name} | ({"width": width} if width else {})
    taken = await services.engine.worker_call(TOOLS, "snapshot", args, timeout_s=SNAPSHOT_TIMEOUT_S)
    return Response(base64.b64decode(taken["jpeg"]), 200, {"Cache-Control": "no-store"}, "image/jpeg")


@router.get("/{path:path}/timing", dependencies=[VIEWER])
async def measure_timing(path: PathName, services: ServicesDep) -> PathTiming:
    """Latency and lip-sync of a path that shows a test source, full size. It takes about four seconds."""
    state = running_path(services.picture, path)
    args = {"path": state.name}
    return PathTiming(**await services.engine.worker_call(TOOLS, "timing", args, timeout_s=TIMING_TIMEOUT_S))


@router.get("/{path:path}", dependencies=[VIEWER])
async def get_path(path: PathName, services: ServicesDep) -> PathState:
    """One path: state, readers, viewers, codecs, size, rate and bitrate."""
    return known_path(services.picture, path)


def known_path(picture: Picture, name: str) -> PathState:
    """The path of this name. Names are looked up, never used as file names."""
    state = picture.path(name)
    if state is None:
        raise NotFound(f"there is no path {name[:60]!r}", "GET /api/v1/paths lists them")
    return state


def running_path(picture: Picture, name: str) -> PathState:
    state = known_path(picture, name)
    if state.state == WorkerState.STOPPED:
        raise Conflict(f"{state.title} is stopped", "start it first")
    return state
