"""The machine, the workers and their logs, the devices, and the figures for Prometheus."""

import platform
import socket
import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from regie import __version__
from regie.api.access import ADMIN, OPERATOR, VIEWER, GuardedRoute
from regie.api.models import Cpu, Disk, EngineState, Memory, SystemState, WorkerStatus
from regie.api.picture import TOOLS, Picture
from regie.api.problems import redacted
from regie.api.routes import API
from regie.api.services import Services, ServicesDep
from regie.domain.errors import NotFound, Unavailable

router = APIRouter(prefix=API, tags=["system"], route_class=GuardedRoute)

WorkerId = Annotated[str, Path(max_length=48, examples=["src-cam1"])]


class LogLines(BaseModel):
    lines: list[str]


class Devices(BaseModel):
    devices: list[dict[str, Any]]
    note: str = ""


@router.get("/system", dependencies=[VIEWER])
async def system(services: ServicesDep) -> SystemState:
    """Versions, processor, memory, disk, and whether the engine answers."""
    figures = services.figures.now()
    tools = services.picture.workers.get(TOOLS)
    return SystemState(
        version=__version__,
        build=services.build,
        python=platform.python_version(),
        gstreamer=tools.detail.get("gstreamer") if tools else None,
        host=socket.gethostname(),
        uptime_s=round(time.time() - services.started_at, 1),
        cpu=Cpu.model_validate(figures["cpu"]),
        memory=Memory.model_validate(figures["memory"]),
        disk=Disk.model_validate(figures["disk"]),
        engine=await _engine(services),
    )


async def _engine(services: Services) -> EngineState:
    try:
        status = await services.engine.status()
    except Unavailable as error:
        return EngineState(answers=False, reason=error.message)
    known = {key: status.get(key) for key in ("pid", "version", "build", "since")}
    return EngineState.model_validate({"answers": True, **known})


@router.get("/workers", dependencies=[VIEWER])
async def list_workers(services: ServicesDep) -> list[WorkerStatus]:
    """Every process of this Regie, and how it is."""
    return [_with_usage(services.picture, worker) for worker in services.picture.workers.values()]


def _with_usage(picture: Picture, worker: WorkerStatus) -> WorkerStatus:
    usage = {key: value for key, value in picture.usage.get(worker.id, {}).items() if key in ("cpu", "rss")}
    return worker.model_copy(update=usage)


@router.get("/workers/{worker_id}/logs", dependencies=[OPERATOR])
async def worker_logs(
    worker_id: WorkerId, services: ServicesDep, lines: Annotated[int, Query(ge=1, le=1000)] = 200
) -> LogLines:
    """The last lines a worker has logged. Passwords in URLs are masked."""
    _check_known(services, worker_id)
    return LogLines(lines=redacted(await services.engine.logs(worker_id, lines)))


@router.post("/workers/{worker_id}/restart", status_code=204, dependencies=[ADMIN])
async def restart_worker(worker_id: WorkerId, services: ServicesDep) -> None:
    """Stop a worker and start it anew. Its picture is away for a moment."""
    _check_known(services, worker_id)
    await services.engine.restart(worker_id)


def _check_known(services: Services, worker_id: str) -> None:
    if worker_id not in services.picture.workers:
        raise NotFound(f"there is no worker {worker_id!r}", "GET /api/v1/workers lists them")


@router.get("/devices", dependencies=[OPERATOR])
async def list_devices(services: ServicesDep) -> Devices:
    """Cameras and capture cards of this machine, with their formats and sound inputs."""
    return Devices.model_validate(await services.engine.worker_call(TOOLS, "devices", timeout_s=8.0))


@router.get(
    "/metrics",
    dependencies=[VIEWER],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(services: ServicesDep) -> Response:
    """For Prometheus: give it an API token with the role viewer."""
    return Response(services.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
