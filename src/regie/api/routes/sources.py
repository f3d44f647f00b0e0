"""Sources: cameras and whatever else delivers pictures or sound."""

import time
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from regie.api.access import OPERATOR, VIEWER, GuardedRoute
from regie.api.discretion import seen_by
from regie.api.models import Asked, AudioFigures, Name, PathState, SourceState, VideoFigures
from regie.api.picture import Picture
from regie.api.routes import API
from regie.api.services import Services, ServicesDep
from regie.domain.access import Identity
from regie.domain.errors import Conflict, Invalid, Unavailable
from regie.domain.redact import MASK
from regie.domain.sources import Source, checked_name, checked_source_id, source_id_from_name
from regie.domain.workers import Json, WorkerState
from regie.protocols.source import all_kinds, checked_options, merged_options, source_kind

PROBE_TIMEOUT_S = 12.0
STOP_TIMEOUT_S = 6.0  # a worker that does not end by itself is killed before

router = APIRouter(prefix=API, tags=["sources"], route_class=GuardedRoute)

SourceId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["cam1"])]
Kind = Annotated[str, Field(max_length=20, examples=["test"])]
Options = Annotated[
    dict[str, Any], Field(default_factory=dict, description="as the schema of its kind says", examples=[{}])
]

MaxViewers = Annotated[
    int,
    Field(ge=0, le=10_000, description="how many may watch it at once; 0: as many as Regie serves in all"),
]


class NewSource(Asked):
    id: str | None = Field(
        None, pattern="^[a-z0-9][a-z0-9-]{0,39}$", description="made from the name if left out"
    )
    name: Name
    kind: Kind
    options: Options
    enabled: bool = True
    max_viewers: MaxViewers = 0


class SourceChange(Asked):
    name: Name | None = None
    options: dict[str, Any] | None = None
    enabled: bool | None = None
    max_viewers: MaxViewers | None = None


class ProbeRequest(Asked):
    kind: Kind
    options: Options
    source_id: str | None = Field(None, max_length=40, description="take masked secrets from this source")


class ProbeResult(BaseModel):
    """How a try went. While it is `ok`, the picture can be watched at `path` for a minute."""

    ok: bool
    state: WorkerState
    reason: str
    hint: str
    path: str
    video: VideoFigures | None
    audio: AudioFigures | None
    detail: dict[str, Any]


class KindInfo(BaseModel):
    kind: str
    title: str
    summary: str
    schemes: list[str]
    schema_: dict[str, Any] = Field(alias="schema", description="JSON schema of its options")


@router.get("/source-kinds", dependencies=[VIEWER])
async def list_source_kinds() -> list[KindInfo]:
    """The kinds of source there are, each with the JSON schema of its options."""
    return [
        KindInfo(
            kind=kind.kind,
            title=kind.title,
            summary=kind.summary,
            schemes=list(kind.schemes),
            schema=kind.options.model_json_schema(),
        )
        for kind in all_kinds()
    ]


@router.get("/sources")
async def list_sources(identity: Annotated[Identity, VIEWER], services: ServicesDep) -> list[SourceState]:
    """All sources, with the state each is in now. Only operators see their options."""
    return [seen_by(identity, source) for source in services.picture.all_sources()]


@router.post("/sources", status_code=201, dependencies=[OPERATOR])
async def add_source(asked: NewSource, services: ServicesDep) -> SourceState:
    """Add a source, and start it unless `enabled` is false."""
    name = checked_name(asked.name)
    options = _options(services, asked.kind, asked.options, {})
    now = time.time()

    def source_beside(taken: Collection[str]) -> Source:
        source_id = checked_source_id(asked.id or source_id_from_name(name, taken))
        return Source(
            source_id, name, asked.kind, options, asked.enabled, now, now, max_viewers=asked.max_viewers
        )

    source = await services.show.add(source_beside)
    return services.picture.source(source.id)


@router.get("/sources/{source_id}")
async def get_source(
    source_id: SourceId, identity: Annotated[Identity, VIEWER], services: ServicesDep
) -> SourceState:
    """One source, with the state it is in now."""
    services.picture.known(source_id)
    return seen_by(identity, services.picture.source(source_id))


@router.patch("/sources/{source_id}", dependencies=[OPERATOR])
async def change_source(source_id: SourceId, asked: SourceChange, services: ServicesDep) -> SourceState:
    """Change a source. Options are replaced as a whole; a masked secret stays what it is."""
    source = services.picture.known(source_id)
    changes: Json = {}
    if asked.name is not None:
        changes["name"] = checked_name(asked.name)
    if asked.options is not None:
        changes["options"] = _options(services, source.kind, asked.options, source.options)
    if asked.enabled is not None:
        changes["enabled"] = asked.enabled
    if asked.max_viewers is not None:
        changes["max_viewers"] = asked.max_viewers
    return await _change(services, source_id, changes)


@router.delete("/sources/{source_id}", status_code=204, dependencies=[OPERATOR])
async def delete_source(
    source_id: SourceId,
    services: ServicesDep,
    force: Annotated[bool, Query(description="delete it although somebody is watching")] = False,
) -> None:
    """Delete a source. If it is in use, the answer is 409 and names who uses it."""
    source = services.picture.known(source_id)
    if not force and (used_by := _used_by(services.picture, source)):
        raise Conflict(
            f"{source.name} is in use: {', '.join(str(use['name']) for use in used_by)}",
            "delete it anyway with ?force=true",
            used_by=used_by,
        )
    await services.show.delete(source_id)


@router.post("/sources/{source_id}/start", dependencies=[OPERATOR])
async def start_source(source_id: SourceId, services: ServicesDep) -> SourceState:
    """Switch a source on. Switching it on twice changes nothing."""
    return await _change(services, source_id, {"enabled": True})


@router.post("/sources/{source_id}/stop", dependencies=[OPERATOR])
async def stop_source(source_id: SourceId, services: ServicesDep) -> SourceState:
    """Switch a source off. It stays in the list."""
    return await _change(services, source_id, {"enabled": False})


@router.post("/sources/probe", dependencies=[OPERATOR])
async def probe_source(asked: ProbeRequest, services: ServicesDep) -> ProbeResult:
    """Try a source out before it is saved: does it answer, and with what?"""
    saved: Json = {}
    if asked.source_id is not None:
        source = services.picture.known(asked.source_id)
        saved = source.options if source.kind == asked.kind else {}
    options = _options(services, asked.kind, asked.options, saved)
    probe = await services.show.start_probe(asked.kind, options)
    picture = services.picture

    def settled() -> ProbeResult | None:
        worker, path = picture.workers.get(probe.worker_id), picture.path(probe.path)
        if worker is None or path is None or worker.state == WorkerState.STARTING:
            return None
        if worker.state == WorkerState.LIVE and path.video is None and path.audio is None:
            return None  # its first figures come within a second
        return _probe_result(path, worker.detail)

    result = await picture.until(settled, PROBE_TIMEOUT_S)
    if result is None:
        path = picture.path(probe.path)
        if path is None:
            raise Unavailable("the test was ended before it had a result", "test again")
        path.reason = path.reason or f"nothing came within {PROBE_TIMEOUT_S:.0f} seconds"
        result = _probe_result(path, {})
    if not result.ok:
        await services.show.end_probe(probe)  # nobody waits for its next attempts
    return result


def _probe_result(path: PathState, detail: Json) -> ProbeResult:
    ok = path.state == WorkerState.LIVE and (path.video is not None or path.audio is not None)
    return ProbeResult(
        ok=ok,
        state=path.state,
        reason=path.reason,
        hint="" if ok else str(detail.get("hint", "check the address, the cable and the password")),
        path=path.name,
        video=path.video,
        audio=path.audio,
        detail=detail,
    )


async def _change(services: Services, source_id: str, changes: Json) -> SourceState:
    await services.show.change(source_id, changes)
    await services.picture.until(lambda: _settled(services.picture, source_id), STOP_TIMEOUT_S)
    return services.picture.source(source_id)


def _settled(picture: Picture, source_id: str) -> bool | None:
    """Whether nothing runs any more of what is switched off."""
    source = picture.sources.get(source_id)
    return None if source and not source.enabled and source.worker_id in picture.workers else True


def _options(services: Services, kind: str, new: Json, old: Json) -> Json:
    """The options to keep: as they were sent, with the secrets they left masked, and checked."""
    source_kind(kind)
    options = merged_options(kind, old, new) if old else new
    for name, value in options.items():
        if isinstance(value, str) and MASK in value:
            message = f"{name} holds {MASK} where a password was: type the password again"
            raise Invalid(message, errors=[{"field": f"options.{name}", "message": message}])
    checked_options(kind, options, services.settings.media_dir)
    return options


def _used_by(picture: Picture, source: Source) -> list[Json]:
    """Who would miss it. That every mixer reads it is not meant, but that it is on air is."""
    path = source.path
    viewers = [viewer for viewer in picture.viewers() if viewer.path == path]
    used_by: list[Json] = [
        {"kind": "programme", "name": f"the programme of {name}", "remote": ""}
        for name in picture.users_of(source)
    ]
    used_by += [
        {"kind": "viewer", "name": viewer.name or viewer.remote, "remote": viewer.remote}
        for viewer in viewers
    ]
    state = picture.path(path)
    others = (
        (state.readers if state else 0) - (1 if picture.edge_path(path) else 0) - picture.mixers_of(source)
    )
    if others > 0 and not viewers:
        used_by.append({"kind": "reader", "name": f"{others} other worker(s)", "remote": ""})
    return used_by
