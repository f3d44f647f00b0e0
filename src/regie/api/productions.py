"""The productions: what is kept of them goes through here, and so does every command to their mixers.

The desk is the mixer's own: what is known of it here is what it said last. Faders move at the mixer at once;
the store hears of them a little later, and the engine once they rest: else it would put them back to where
they were a moment ago.
"""

import asyncio
import logging
import time

from regie.api.events import EventHub
from regie.api.picture import Picture
from regie.api.show import ShowKeeper
from regie.domain.edits import (
    Edit,
    changed_transition,
    check_unused,
    inputs_from_sources,
    mixer_id,
    with_strip,
    without_overlay,
    without_scene,
)
from regie.domain.errors import Conflict, RegieError, Unavailable
from regie.domain.production import Production, new_production, strip_to_wire, transition_to_wire
from regie.domain.workers import Json
from regie.engine.client import EngineClient
from regie.store import productions as store
from regie.store.database import Database

log = logging.getLogger(__name__)

KEEP_S = 0.5
APPLY_TIMEOUT_S = 2.0


class ProductionKeeper:
    """The one owner of the productions while the server runs."""

    def __init__(
        self, database: Database, engine: EngineClient, picture: Picture, hub: EventHub, show: ShowKeeper
    ) -> None:
        self._database = database
        self._engine = engine
        self._picture = picture
        self._hub = hub
        self._show = show
        self._moved = asyncio.Event()  # a fader: the store does not know yet
        self._moved_at = 0.0
        self._unkept: set[str] = set()

    async def load(self) -> None:
        """Read the productions, once the sources are known; a store without any gets one."""
        main = new_production("main", "Main", inputs_from_sources(self._picture.sources.values()))
        if await self._database(store.seed_production, main, time.time()):
            log.info("no production yet: starting with one, of all sources")
        found = await self._database(store.all_productions)
        self._picture.productions = {production.id: production for production in found}

    # --- what is kept --------------------------------------------------------------------------------------

    async def change(self, production_id: str, edit: Edit) -> Json:
        """Change a production as it is by then; the same again changes nothing."""
        async with self._show.changing() as tell:
            known = self._picture.production(production_id)
            wanted = edit(known)
            if wanted != known:
                await tell(productions={**self._picture.productions, production_id: wanted})
                await self._database(store.change_production, wanted, time.time())
                kept = edit(self._picture.production(production_id))
                self._picture.productions[production_id] = kept
                if kept != wanted:  # a fader has moved meanwhile
                    self._note_moved(production_id)
                await self._apply(kept)
                self._hub.publish_production(production_id)
        return self.state(production_id)

    async def delete_scene(self, production_id: str, scene_id: str) -> Json:
        def deleted(production: Production) -> Production:
            without = without_scene(production, scene_id)
            desk = self._picture.desks.last(production_id)
            if desk is not None:
                check_unused(production, scene_id, str(desk["programme"]), str(desk["preview"]))
            return without

        return await self.change(production_id, deleted)

    async def delete_overlay(self, production_id: str, overlay_id: str) -> Json:
        def deleted(production: Production) -> Production:
            without = without_overlay(production, overlay_id)
            desk = self._picture.desks.now(production_id)
            if desk is not None and desk["overlays"].get(overlay_id):
                raise Conflict(f"{production.overlay(overlay_id).name} is on air", "take it out first")
            return without

        return await self.change(production_id, deleted)

    async def _apply(self, production: Production) -> None:
        """Until the mixer has it: what is added can be put on air in the next breath."""
        worker = self._show.mixer(production)
        try:
            await self._engine.worker_call(worker.id, "apply", {"spec": worker.spec}, APPLY_TIMEOUT_S)
        except Unavailable as error:
            log.info("%s has the change when it is back: %s", worker.id, error.message)

    def state(self, production_id: str) -> Json:
        """A production and its desk, which is null while its mixer does not answer."""
        return self._picture.production_state(production_id)

    # --- what the mixer does -------------------------------------------------------------------------------

    async def command(self, production_id: str, name: str, args: Json) -> Json:
        """Tell the mixer; the answer comes when it is in the pipeline."""
        self._picture.production(production_id)
        return await self._engine.worker_call(mixer_id(production_id), name, args)

    async def transition(self, production_id: str, name: str, args: Json, changes: Json | None) -> Json:
        """A command with a transition: the production's own, but for what is said."""
        transition = changed_transition(self._picture.production(production_id), changes or {})
        return await self.command(production_id, name, {**args, "transition": transition_to_wire(transition)})

    async def change_strip(self, production_id: str, source: str, changes: Json) -> Json:
        strip = with_strip(self._picture.production(production_id), source, changes).strip(source)
        args = {"source": source, "strip": strip_to_wire(strip)}
        done = await self.command(production_id, "strip", args)
        production = self._picture.production(production_id)
        self._picture.productions[production_id] = with_strip(production, source, changes)
        self._note_moved(production_id)
        return done

    def _note_moved(self, production_id: str) -> None:
        self._unkept.add(production_id)
        self._moved_at = time.monotonic()
        self._moved.set()

    async def keep_strips(self) -> None:
        """For ever: faders that moved go into the store, and to the engine when they have come to rest."""
        while True:
            await self._moved.wait()
            await asyncio.sleep(KEEP_S)
            self._moved.clear()
            try:
                await self.flush()
            except RegieError as error:
                log.warning("the faders cannot be stored: %s", error.message)
                self._moved.set()
                continue
            if time.monotonic() - self._moved_at < KEEP_S:
                self._moved.set()
            else:
                self._show.tell_again()

    async def flush(self) -> None:
        """Store the faders that moved."""
        for production_id in list(self._unkept):
            self._unkept.discard(production_id)
            try:
                production = self._picture.production(production_id)
                await self._database(store.change_production, production, time.time())
            except RegieError:
                self._unkept.add(production_id)
                raise
            self._hub.publish_production(production_id)

    # --- what the mixer says -------------------------------------------------------------------------------

    async def follow_mixers(self) -> None:
        """For ever: what the mixers say becomes part of the picture, then news for the pages."""
        async with asyncio.TaskGroup() as group:
            for production_id in self._picture.productions:
                group.create_task(self._follow(production_id))

    async def _follow(self, production_id: str) -> None:
        async for event, data in self._engine.worker_events(mixer_id(production_id)):
            try:
                await self._take(production_id, event, data)
            except Exception:  # one odd message must not end the news
                log.exception("an event of %s could not be understood: %s", production_id, event)

    async def _take(self, production_id: str, event: str, data: Json) -> None:
        match event:
            case "connected":
                await self._ask(production_id)
            case "lost":
                self._hub.lose_desk(production_id)
            case "desk":
                self._hub.publish_desk(production_id, data)
            case "levels":
                self._hub.publish_to_those_who_want("levels", {"production": production_id, **data})
            case "warning":
                self._hub.publish_warning(production_id, data)

    async def _ask(self, production_id: str) -> None:
        try:
            answer = await self._engine.worker_call(mixer_id(production_id), "desk")
        except Unavailable:
            return  # it is being made; it says so itself when it stands
        self._hub.publish_desk(production_id, dict(answer["desk"]))
        for warning in answer.get("warnings", []):  # a mixer of an older version has none
            self._hub.publish_warning(production_id, dict(warning))
