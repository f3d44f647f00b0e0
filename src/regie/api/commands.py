"""The commands to a production, each with what it takes; for requests and for the events socket alike."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from regie.api.events import EventHub, Listener
from regie.api.models import Asked
from regie.api.overlay_models import DeleteOverlay, MoveOverlay, PutOverlay
from regie.api.problems import problem_body
from regie.api.production_models import (
    Auto,
    Cut,
    DeleteScene,
    FadeToBlack,
    Preview,
    PutScene,
    ResetLoudness,
    SetStrip,
    SetTransition,
    Solo,
    TakeOverlay,
    TBar,
    TransitionChange,
)
from regie.api.productions import ProductionKeeper
from regie.domain.access import Role
from regie.domain.edits import with_moved_overlay, with_overlay, with_scene, with_settings
from regie.domain.errors import Invalid, NotAllowed, RegieError
from regie.domain.production import overlay_from_wire, scene_from_wire
from regie.domain.workers import Json

log = logging.getLogger(__name__)

MAX_WANTS = 16

type Do[A: Asked] = Callable[[ProductionKeeper, str, A], Awaitable[Json]]


@dataclass(frozen=True)
class Command[A: Asked]:
    """What it takes, and what it does."""

    asked: type[A]
    do: Do[A]


async def perform(keeper: ProductionKeeper, production_id: str, name: str, asked: Asked) -> Json:
    return await COMMANDS[name].do(keeper, production_id, asked)


async def _preview(keeper: ProductionKeeper, production_id: str, asked: Preview) -> Json:
    return await keeper.command(production_id, "preview", {"scene": asked.scene})


async def _cut(keeper: ProductionKeeper, production_id: str, asked: Cut) -> Json:
    return await keeper.command(production_id, "cut", {"scene": asked.scene})


async def _auto(keeper: ProductionKeeper, production_id: str, asked: Auto) -> Json:
    return await keeper.transition(production_id, "auto", {"scene": asked.scene}, _said(asked.transition))


async def _t_bar(keeper: ProductionKeeper, production_id: str, asked: TBar) -> Json:
    return await keeper.transition(production_id, "t_bar", {"way": asked.way}, _said(asked.transition))


async def _fade_to_black(keeper: ProductionKeeper, production_id: str, asked: FadeToBlack) -> Json:
    return await keeper.command(production_id, "fade_to_black", asked.model_dump())


async def _set_strip(keeper: ProductionKeeper, production_id: str, asked: SetStrip) -> Json:
    changes = asked.strip.model_dump(mode="json", exclude_none=True)
    return await keeper.change_strip(production_id, asked.source, changes)


async def _solo(keeper: ProductionKeeper, production_id: str, asked: Solo) -> Json:
    return await keeper.command(production_id, "solo", asked.model_dump())


async def _reset_loudness(keeper: ProductionKeeper, production_id: str, _: ResetLoudness) -> Json:
    return await keeper.command(production_id, "reset_loudness", {})


async def _take_overlay(keeper: ProductionKeeper, production_id: str, asked: TakeOverlay) -> Json:
    return await keeper.command(production_id, "overlay", asked.model_dump())


async def _put_overlay(keeper: ProductionKeeper, production_id: str, asked: PutOverlay) -> Json:
    overlay = overlay_from_wire(asked.overlay.model_dump(mode="json"))
    return await keeper.change(production_id, lambda production: with_overlay(production, overlay))


async def _move_overlay(keeper: ProductionKeeper, production_id: str, asked: MoveOverlay) -> Json:
    return await keeper.change(
        production_id, lambda production: with_moved_overlay(production, asked.overlay, asked.to)
    )


async def _delete_overlay(keeper: ProductionKeeper, production_id: str, asked: DeleteOverlay) -> Json:
    return await keeper.delete_overlay(production_id, asked.overlay)


async def _put_scene(keeper: ProductionKeeper, production_id: str, asked: PutScene) -> Json:
    scene = scene_from_wire(asked.scene.model_dump(mode="json"))
    return await keeper.change(production_id, lambda production: with_scene(production, scene))


async def _delete_scene(keeper: ProductionKeeper, production_id: str, asked: DeleteScene) -> Json:
    return await keeper.delete_scene(production_id, asked.scene)


async def _set_transition(keeper: ProductionKeeper, production_id: str, asked: SetTransition) -> Json:
    changes = {"transition": _said(asked.transition)}
    return await keeper.change(production_id, lambda production: with_settings(production, changes))


def _said(transition: TransitionChange | None) -> Json:
    return {} if transition is None else transition.model_dump(mode="json", exclude_none=True)


COMMANDS: Mapping[str, Command[Any]] = {
    "preview": Command(Preview, _preview),
    "cut": Command(Cut, _cut),
    "auto": Command(Auto, _auto),
    "t_bar": Command(TBar, _t_bar),
    "fade_to_black": Command(FadeToBlack, _fade_to_black),
    "strip": Command(SetStrip, _set_strip),
    "set_strip": Command(SetStrip, _set_strip),
    "solo": Command(Solo, _solo),
    "reset_loudness": Command(ResetLoudness, _reset_loudness),
    "overlay": Command(TakeOverlay, _take_overlay),
    "put_overlay": Command(PutOverlay, _put_overlay),
    "move_overlay": Command(MoveOverlay, _move_overlay),
    "delete_overlay": Command(DeleteOverlay, _delete_overlay),
    "put_scene": Command(PutScene, _put_scene),
    "delete_scene": Command(DeleteScene, _delete_scene),
    "set_transition": Command(SetTransition, _set_transition),
}


# --- over the events socket ---------------------------------------------------------------------------------


async def hear(text: str, listener: Listener, hub: EventHub, keeper: ProductionKeeper) -> None:
    """What a page says: which events it wants, or a command, which gets its reply."""
    number: object = None
    try:
        message = _message(text)
        number = message.get("id")
        if "want" in message:
            listener.wants = _wants(message["want"])
            return
        answer: Json = {"reply": number, "ok": await _obey(message, listener, keeper)}
    except RegieError as error:
        answer = {"reply": number, "problem": problem_body(error)}
    except Exception:
        log.exception("a command failed")
        fault = RegieError(
            "something went wrong inside the server", "its log has the details: System, server"
        )
        answer = {"reply": number, "problem": problem_body(fault)}
    hub.reply(listener, answer)


def _message(text: str) -> Json:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise Invalid(
            "a page sends JSON objects", 'such as {"command": "cut", "id": 1, "production": "main"}'
        )
    return message


def _wants(names: object) -> frozenset[str]:
    if not isinstance(names, list) or len(names) > MAX_WANTS:
        raise Invalid("what is wanted is a list of events", 'such as {"want": ["levels"]}')
    return frozenset(str(name)[:40] for name in names)


async def _obey(message: Json, listener: Listener, keeper: ProductionKeeper) -> Json:
    if not listener.identity.role.includes(Role.OPERATOR):
        role = listener.identity.role
        raise NotAllowed(f"this needs the role {Role.OPERATOR}, and you have {role}")
    name = str(message.get("command"))
    command = COMMANDS.get(name)
    if command is None:
        raise Invalid(f"there is no command {name[:40]!r}", f"there are {', '.join(COMMANDS)}")
    try:
        asked = command.asked.model_validate(message.get("args") or {})
    except ValidationError as error:
        raise _invalid(error) from None
    return await perform(keeper, str(message.get("production")), name, asked)


def _invalid(error: ValidationError) -> Invalid:
    errors = [
        {"field": ".".join(str(part) for part in fault["loc"]) or "args", "message": fault["msg"]}
        for fault in error.errors()
    ]
    said = "; ".join(f"{fault['field']}: {fault['message']}" for fault in errors)
    return Invalid(f"the command is not right: {said}"[:500], errors=errors[:10])
