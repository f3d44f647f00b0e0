"""Productions: scenes, the desk, faders. The same commands go over the events socket."""

from typing import Annotated

from fastapi import APIRouter, Path

from regie.api.access import OPERATOR, VIEWER, GuardedRoute
from regie.api.commands import perform
from regie.api.models import Asked
from regie.api.production_models import (
    Auto,
    Cut,
    DeleteScene,
    Done,
    FadeToBlack,
    NewScene,
    Preview,
    ProductionChange,
    ProductionState,
    PutScene,
    ResetLoudness,
    SceneContent,
    SetStrip,
    Solo,
    StripChange,
    TBar,
)
from regie.api.routes import API
from regie.api.services import Services, ServicesDep
from regie.domain.edits import with_settings

router = APIRouter(prefix=f"{API}/productions", tags=["productions"], route_class=GuardedRoute)

ProductionId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["main"])]
SceneId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,59}$", examples=["two-up"])]
SourceId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["cam1"])]


@router.get("", dependencies=[VIEWER])
async def list_productions(services: ServicesDep) -> list[ProductionState]:
    """All productions, each with what its mixer does now."""
    return [_state(services, production_id) for production_id in services.picture.productions]


@router.get("/{production_id}", dependencies=[VIEWER])
async def get_production(production_id: ProductionId, services: ServicesDep) -> ProductionState:
    """One production: its inputs, scenes, faders and format, and what its mixer confirmed last."""
    return _state(services, production_id)


@router.patch("/{production_id}", dependencies=[OPERATOR])
async def change_production(
    production_id: ProductionId, asked: ProductionChange, services: ServicesDep
) -> ProductionState:
    """Change what is named. All but the format changes on air, unseen."""
    changes = asked.model_dump(mode="json", exclude_none=True)
    await services.productions.change(production_id, lambda production: with_settings(production, changes))
    return _state(services, production_id)


@router.put("/{production_id}/scenes/{scene_id}", dependencies=[OPERATOR])
async def put_scene(
    production_id: ProductionId, scene_id: SceneId, asked: SceneContent, services: ServicesDep
) -> ProductionState:
    """Add a scene, or replace it, also while it is on air."""
    scene = NewScene(id=scene_id, name=asked.name, items=asked.items)
    await perform(services.productions, production_id, "put_scene", PutScene(scene=scene))
    return _state(services, production_id)


@router.delete("/{production_id}/scenes/{scene_id}", status_code=204, dependencies=[OPERATOR])
async def delete_scene(production_id: ProductionId, scene_id: SceneId, services: ServicesDep) -> None:
    """Delete a scene. While it is on air or in preview the answer is 409 and says so."""
    await perform(services.productions, production_id, "delete_scene", DeleteScene(scene=scene_id))


@router.post("/{production_id}/preview", dependencies=[OPERATOR])
async def preview(production_id: ProductionId, asked: Preview, services: ServicesDep) -> Done:
    """Prepare a scene; while a transition runs it waits for its end."""
    return await _do(services, production_id, "preview", asked)


@router.post("/{production_id}/cut", dependencies=[OPERATOR])
async def cut(production_id: ProductionId, services: ServicesDep, asked: Cut | None = None) -> Done:
    """Preview to air at once; with a scene, that one."""
    return await _do(services, production_id, "cut", asked or Cut())


@router.post("/{production_id}/auto", dependencies=[OPERATOR])
async def auto(production_id: ProductionId, services: ServicesDep, asked: Auto | None = None) -> Done:
    """Preview to air by a transition. While one runs the answer is 409."""
    return await _do(services, production_id, "auto", asked or Auto())


@router.post("/{production_id}/t-bar", dependencies=[OPERATOR])
async def t_bar(production_id: ProductionId, asked: TBar, services: ServicesDep) -> Done:
    """The transition by hand: 0 is where it begins; at 1 the preview is on air."""
    return await _do(services, production_id, "t_bar", asked)


@router.post("/{production_id}/fade-to-black", dependencies=[OPERATOR])
async def fade_to_black(production_id: ProductionId, asked: FadeToBlack, services: ServicesDep) -> Done:
    """Everything to black and silence, or back."""
    return await _do(services, production_id, "fade_to_black", asked)


@router.patch("/{production_id}/audio/{source_id}", dependencies=[OPERATOR])
async def change_strip(
    production_id: ProductionId, source_id: SourceId, asked: StripChange, services: ServicesDep
) -> Done:
    """Change what is named of how a source sounds in the programme."""
    return await _do(services, production_id, "set_strip", SetStrip(source=source_id, strip=asked))


@router.post("/{production_id}/solo", dependencies=[OPERATOR])
async def solo(production_id: ProductionId, asked: Solo, services: ServicesDep) -> Done:
    """Hear these inputs on `mon/<production>`, before their faders, or with none of them the programme."""
    return await _do(services, production_id, "solo", asked)


@router.post("/{production_id}/reset-loudness", dependencies=[OPERATOR])
async def reset_loudness(production_id: ProductionId, services: ServicesDep) -> Done:
    """The programme's integrated loudness begins anew."""
    return await _do(services, production_id, "reset_loudness", ResetLoudness())


async def _do(services: Services, production_id: str, name: str, asked: Asked) -> Done:
    return Done.model_validate(await perform(services.productions, production_id, name, asked))


def _state(services: Services, production_id: str) -> ProductionState:
    return ProductionState.model_validate(services.picture.production_state(production_id))
