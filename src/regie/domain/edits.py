"""What an operator may change of a production, and the worker that runs it.

Each edit makes a new production of the one there is, so that two operators' edits can follow each other.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from regie.domain.errors import Conflict, Invalid, NotFound
from regie.domain.overlays import MAX_OVERLAYS, Overlay
from regie.domain.production import (
    MAX_INPUTS,
    Input,
    Production,
    strip_from_wire,
    strip_to_wire,
    transition_from_wire,
    transition_to_wire,
)
from regie.domain.scenes import BLACK, Scene
from regie.domain.sources import Source, checked_name
from regie.domain.transitions import Transition
from regie.domain.workers import Json, WorkerSpec

MAX_SCENES = 100

_SCENE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")

type Edit = Callable[[Production], Production]


def mixer_id(production_id: str) -> str:
    return f"mix-{production_id}"


def mixer_of(production: Production, stills: Path) -> WorkerSpec:
    """The worker that makes its programme. Pictures for overlays are in the folder `stills`."""
    spec = {"production": production.to_wire(), "stills": str(stills)}
    return WorkerSpec(mixer_id(production.id), "mixer", spec)


def inputs_from_sources(sources: Iterable[Source]) -> tuple[Input, ...]:
    """The first so many, in their order; also those that are switched off."""
    return tuple(Input(source.id, source.name) for source in sources)[:MAX_INPUTS]


def with_sources(production: Production, sources: Iterable[Source]) -> Production:
    """The production with the inputs there are now; what belonged to others is left out."""
    inputs = inputs_from_sources(sources)
    ids = {item.id for item in inputs}
    strips = {source: strip for source, strip in production.strips.items() if source in ids}
    return _begun_well(replace(production, inputs=inputs, strips=strips))


def _begun_well(production: Production) -> Production:
    """A mixer begins with scenes that exist."""
    known = {scene.id for scene in production.all_scenes}
    programme, preview = (
        scene if scene in known else BLACK.id for scene in (production.programme, production.preview)
    )
    return replace(production, programme=programme, preview=preview)


def with_settings(production: Production, changes: Json) -> Production:
    """Name, format, transition, hold_s: what is named, and of format and transition the parts that are."""
    known = production.to_wire()
    for part in ("format", "transition"):
        if part in changes:
            changes = {**changes, part: known[part] | changes[part]}
    if "name" in changes:
        changes = {**changes, "name": checked_name(changes["name"])}
    return Production.from_wire(known | changes)


def with_scene(production: Production, scene: Scene) -> Production:
    """Add a scene, or replace the one with its id."""
    if not _SCENE_ID.fullmatch(scene.id):
        raise Invalid(f"{scene.id[:60]!r} cannot be a scene's id", "use a-z, 0-9 and dashes, 60 at most")
    scene = replace(scene, name=checked_name(scene.name))
    _check_sources(production, scene)
    if any(known.id == scene.id for known in production.scenes):
        scenes = tuple(scene if known.id == scene.id else known for known in production.scenes)
    elif len(production.scenes) < MAX_SCENES:
        scenes = (*production.scenes, scene)
    else:
        raise Conflict(f"{production.name} has {MAX_SCENES} scenes already", "delete one that is not needed")
    return replace(production, scenes=scenes)


def _check_sources(production: Production, scene: Scene) -> None:
    """A new item needs its source. One that was in the scene before may stay: its source may come back."""
    known = {item.id for item in production.inputs}
    for old in production.scenes:
        if old.id == scene.id:
            known |= {item.source for item in old.items}
    if missing := sorted({item.source for item in scene.items} - known):
        raise Invalid(f"{', '.join(missing)[:200]} is no input of {production.name}")


def without_scene(production: Production, scene_id: str) -> Production:
    """Take a scene out. An edited full screen becomes what it was made of."""
    scene = production.scene(scene_id)
    left = tuple(known for known in production.scenes if known.id != scene_id)
    if left == production.scenes:
        raise Conflict(f"{scene.name} comes by itself: it cannot be deleted")
    return _begun_well(replace(production, scenes=left))


def check_unused(production: Production, scene_id: str, programme: str, preview: str) -> None:
    """A scene that is seen cannot be deleted."""
    if scene_id == programme:
        raise Conflict(f"{production.scene(scene_id).name} is on air", "take something else to air first")
    if scene_id == preview:
        raise Conflict(f"{production.scene(scene_id).name} is in preview", "prepare something else first")


def with_overlay(production: Production, overlay: Overlay) -> Production:
    """Add an overlay on top, or replace the one with its id."""
    overlay = replace(overlay, name=checked_name(overlay.name))
    if any(known.id == overlay.id for known in production.overlays):
        overlays = tuple(overlay if known.id == overlay.id else known for known in production.overlays)
    elif len(production.overlays) < MAX_OVERLAYS:
        overlays = (*production.overlays, overlay)
    else:
        raise Conflict(
            f"{production.name} has {MAX_OVERLAYS} overlays already", "delete one that is not needed"
        )
    return replace(production, overlays=overlays)


def without_overlay(production: Production, overlay_id: str) -> Production:
    gone = production.overlay(overlay_id)
    return replace(production, overlays=tuple(known for known in production.overlays if known != gone))


def with_moved_overlay(production: Production, overlay_id: str, to: int) -> Production:
    """Give an overlay another place among the others: 0 is at the bottom."""
    moved = production.overlay(overlay_id)
    others = [known for known in production.overlays if known != moved]
    if to > len(others):
        raise Invalid(f"{production.name} has {len(others) + 1} overlays: the last place is {len(others)}")
    return replace(production, overlays=(*others[:to], moved, *others[to:]))


def users_of_still(production: Production, still_id: str) -> list[str]:
    """The overlays that show a picture, by name."""
    return [overlay.name for overlay in production.overlays if overlay.still == still_id]


def with_strip(production: Production, source: str, changes: Json) -> Production:
    """Change what is named of how a source sounds."""
    if source not in {item.id for item in production.inputs}:
        raise NotFound(f"{source[:60]!r} is no input of {production.name}")
    strip = strip_from_wire(strip_to_wire(production.strip(source)) | changes)
    return replace(production, strips={**production.strips, source: strip})


def changed_transition(production: Production, changes: Json) -> Transition:
    """The production's transition, with what is named of another."""
    return transition_from_wire(transition_to_wire(production.transition) | changes)
