"""What a mixer goes on with that takes over from another: in the same process, or after it died."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from regie.domain.desk import Bus, DeskState
from regie.domain.errors import RegieError
from regie.domain.production import Production, scene_from_wire, scene_to_wire

log = logging.getLogger(__name__)

DESK_FILE = "desk.json"


@dataclass(frozen=True)
class Memory:
    """How the desk stood."""

    desk: DeskState
    overlays: tuple[str, ...] = ()  # those that are seen
    solo: tuple[str, ...] = ()  # what is listened to is forgotten with the process
    is_black: bool = False


def keep(directory: Path, memory: Memory) -> None:
    """For the process that takes over after this one."""
    state = memory.desk
    kept = {
        "programme": scene_to_wire(state.programme),
        "preview": scene_to_wire(state.preview),
        "air": state.air.value,
        "overlays": memory.overlays,
        "black": memory.is_black,
    }
    file = directory / DESK_FILE
    fresh = file.with_suffix(".new")
    try:
        fresh.write_text(json.dumps(kept))
        fresh.rename(file)
    except OSError as error:
        log.warning("the desk cannot be remembered: %s", error.strerror)


def recall(directory: Path, production: Production) -> Memory:
    """As it was when the last process ended; a scene that was edited since is taken as it is now."""
    begin = Memory(DeskState(production.scene(production.programme), production.scene(production.preview)))
    try:
        kept = json.loads((directory / DESK_FILE).read_text())
        known = {scene.id: scene for scene in production.all_scenes}
        programme, preview = (scene_from_wire(kept[name]) for name in ("programme", "preview"))
        desk = DeskState(known.get(programme.id, programme), known.get(preview.id, preview), Bus(kept["air"]))
        overlays = tuple(str(name) for name in kept.get("overlays", ()))
        return Memory(desk, overlays, is_black=kept.get("black") is True)
    except FileNotFoundError:
        return begin
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RegieError) as error:
        log.warning("what was on air is not known any more: %s", error)
        return begin
