"""Overlays: titles, clocks, tickers and pictures over the programme, and the stills they show."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from regie.api.access import OPERATOR, VIEWER, GuardedRoute
from regie.api.commands import perform
from regie.api.overlay_models import (
    DeleteOverlay,
    MoveOverlay,
    NewOverlay,
    OverlayContent,
    OverlayPlace,
    OverlaySwitch,
    OverlayTemplate,
    PutOverlay,
    StillState,
)
from regie.api.production_models import Done, ProductionState, TakeOverlay
from regie.api.routes import API
from regie.api.routes.productions import ProductionId
from regie.api.services import ServicesDep
from regie.api.titles import all_templates
from regie.domain.errors import NotFound
from regie.domain.overlays import TEMPLATES
from regie.domain.sources import MAX_NAME_LENGTH, checked_name
from regie.domain.workers import Json

router = APIRouter(prefix=API, tags=["overlays"], route_class=GuardedRoute)

OverlayId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,59}$", examples=["lower-third"])]
StillId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,59}$", examples=["logo-1a2b3c"])]
StillName = Annotated[str, Query(min_length=1, max_length=200, examples=["logo.svg"])]

BINARY = {"schema": {"type": "string", "format": "binary"}}
PNG: dict[int | str, Json] = {200: {"content": {"image/png": BINARY}}}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": dict.fromkeys(("image/png", "image/jpeg", "image/svg+xml"), BINARY),
    }
}


@router.get("/overlay-templates", dependencies=[VIEWER])
async def list_templates() -> list[OverlayTemplate]:
    """What overlays can be made from, and which fields each has."""
    return [OverlayTemplate.model_validate(template) for template in all_templates()]


@router.get(
    "/overlay-templates/{family}/{template}/picture.png",
    dependencies=[VIEWER],
    response_class=Response,
    responses=PNG,
)
async def template_picture(family: str, template: str, services: ServicesDep) -> Response:
    """How a template looks with its defaults, on a transparent canvas."""
    template_id = f"{family}/{template}"
    if template_id not in TEMPLATES:
        raise NotFound(f"there is no overlay template {template_id[:60]!r}")
    return _png(await services.titles.example(template_id), "private, max-age=3600")


@router.put("/productions/{production_id}/overlays/{overlay_id}", dependencies=[OPERATOR])
async def put_overlay(
    production_id: ProductionId, overlay_id: OverlayId, asked: OverlayContent, services: ServicesDep
) -> ProductionState:
    """Add an overlay on top of the others, or change one, also while it is on air."""
    overlay = NewOverlay(id=overlay_id, **asked.model_dump())
    state = await perform(services.productions, production_id, "put_overlay", PutOverlay(overlay=overlay))
    return ProductionState.model_validate(state)


@router.post("/productions/{production_id}/overlays/{overlay_id}/move", dependencies=[OPERATOR])
async def move_overlay(
    production_id: ProductionId, overlay_id: OverlayId, asked: OverlayPlace, services: ServicesDep
) -> ProductionState:
    """Give an overlay another place among the others, also while it is on air."""
    move = MoveOverlay(overlay=overlay_id, to=asked.to)
    return ProductionState.model_validate(
        await perform(services.productions, production_id, "move_overlay", move)
    )


@router.delete("/productions/{production_id}/overlays/{overlay_id}", status_code=204, dependencies=[OPERATOR])
async def delete_overlay(production_id: ProductionId, overlay_id: OverlayId, services: ServicesDep) -> None:
    """Delete an overlay. While it is on air the answer is 409 and says so."""
    await perform(services.productions, production_id, "delete_overlay", DeleteOverlay(overlay=overlay_id))


@router.post("/productions/{production_id}/overlays/{overlay_id}/take", dependencies=[OPERATOR])
async def take_overlay(
    production_id: ProductionId, overlay_id: OverlayId, asked: OverlaySwitch, services: ServicesDep
) -> Done:
    """Take an overlay in or out, the way it is animated."""
    take = TakeOverlay(overlay=overlay_id, on=asked.on)
    return Done.model_validate(await perform(services.productions, production_id, "overlay", take))


@router.get(
    "/productions/{production_id}/overlays/{overlay_id}/picture.png",
    dependencies=[VIEWER],
    response_class=Response,
    responses=PNG,
)
async def overlay_picture(
    production_id: ProductionId, overlay_id: OverlayId, services: ServicesDep
) -> Response:
    """How an overlay looks, on a transparent canvas, whether it is on air or not."""
    overlay = services.picture.production(production_id).overlay(overlay_id)
    return _png(await services.titles.look(overlay), "no-store")


@router.get("/stills", dependencies=[VIEWER])
async def list_stills(services: ServicesDep) -> list[StillState]:
    """All uploaded pictures, the oldest first."""
    return [StillState.model_validate(vars(still)) for still in await services.titles.all_stills()]


@router.post("/stills", status_code=201, dependencies=[OPERATOR], openapi_extra=UPLOAD)
async def upload_still(request: Request, name: StillName, services: ServicesDep) -> StillState:
    """Upload a PNG, JPEG or SVG of at most 10 MB and 4096x4096 pixels. It is drawn anew and kept as PNG."""
    still = await services.titles.add_still(checked_name(name[:MAX_NAME_LENGTH]), await request.body())
    return StillState.model_validate(vars(still))


@router.get("/stills/{still_id}", dependencies=[VIEWER], response_class=Response, responses=PNG)
async def get_still(still_id: StillId, services: ServicesDep) -> Response:
    """An uploaded picture, as PNG."""
    return _png(await services.titles.still(still_id), "private, max-age=86400, immutable")


@router.delete("/stills/{still_id}", status_code=204, dependencies=[OPERATOR])
async def delete_still(still_id: StillId, services: ServicesDep) -> None:
    """Delete a picture. While an overlay shows it the answer is 409 and says which."""
    await services.titles.delete_still(still_id)


def _png(content: bytes, cache: str) -> Response:
    return Response(content, 200, {"Cache-Control": cache}, "image/png")
