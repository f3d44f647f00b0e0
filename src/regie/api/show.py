"""The show: every change of the sources goes through here. The engine takes it first, then the store
keeps it, then the pages hear of it. So nobody is told of a change that did not happen."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from regie.api.events import EventHub
from regie.api.picture import Picture
from regie.domain.edits import mixer_of, with_sources
from regie.domain.errors import Conflict, RegieError, TooMany
from regie.domain.production import Production
from regie.domain.sources import Probe, Source, show_from_sources
from regie.domain.workers import Json, Show, WorkerSpec
from regie.engine.client import EngineClient
from regie.store import sources as store
from regie.store.database import Database, Work

log = logging.getLogger(__name__)

RETRY_S = 1.0
PROBE_LIFE_S = 60.0
MAX_PROBES = 4

DEMO = (  # four pictures that are easy to tell apart, by eye and by ear
    ("cam1", "Stage", {"pattern": "bars", "tone_hz": 440}),
    ("cam2", "Speaker", {"pattern": "ball", "tone_hz": 550}),
    ("cam3", "Audience", {"pattern": "pinwheel", "tone_hz": 660}),
    ("cam4", "Slides", {"pattern": "curtain", "tone_hz": 880}),
)


type SourceBeside = Callable[[Collection[str]], Source]


class Tell(Protocol):
    """Give the engine a show with these productions."""

    async def __call__(self, productions: Mapping[str, Production]) -> None: ...


@dataclass(frozen=True)
class Folders:
    """Where workers find files."""

    media: Path
    stills: Path


class ShowKeeper:
    """The one owner of the list of sources while the server runs."""

    def __init__(
        self, database: Database, engine: EngineClient, picture: Picture, hub: EventHub, folders: Folders
    ) -> None:
        self._database = database
        self._engine = engine
        self._picture = picture
        self._hub = hub
        self._folders = folders
        self._lock = asyncio.Lock()
        self._stale = asyncio.Event()  # the engine may not have the show: tell it again
        self._endings: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read the sources; a store that was never filled gets the demo."""
        if await self._database(store.seed_sources, demo_sources(time.time())):
            log.info("a fresh store: starting with four test sources")
        self._picture.sources = {s.id: s for s in await self._database(store.all_sources)}
        self._stale.set()

    def mixer(self, production: Production) -> WorkerSpec:
        """The worker of a production."""
        return mixer_of(production, self._folders.stills)

    def tell_again(self) -> None:
        """The engine may not have the show as it is."""
        self._stale.set()

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Tell]:
        """While the productions change, nothing else does; what fails in here leaves the old show."""

        async def tell(productions: Mapping[str, Production]) -> None:
            await self._tell_engine(self._picture.sources, self._picture.probes, productions)

        async with self._lock:
            try:
                yield tell
            except RegieError:
                self._stale.set()
                raise

    async def keep_engine_told(self) -> None:
        """For ever: whenever the engine is new to us, give it the show, and try until it takes it."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                async with self._lock:
                    await self._tell_engine(self._picture.sources, self._picture.probes)
            except RegieError as error:
                log.warning("the engine does not take the show: %s", error.message)
                self._stale.set()
                await asyncio.sleep(RETRY_S)

    async def add(self, source_beside: SourceBeside) -> Source:
        """Add the source that is made knowing which there are: nobody adds another one meanwhile."""
        async with self._lock:
            source = source_beside(self._picture.sources)
            if source.id in self._picture.sources:
                raise Conflict(
                    f"there is a source {source.id!r} already", "choose another id, or leave it out"
                )
            await self._keep({**self._picture.sources, source.id: source}, source, store.add_source)
            return source

    async def change(self, source_id: str, changes: Json) -> None:
        """Change what is named, of the source as it is by then; the same again changes nothing."""
        async with self._lock:
            source = self._picture.known(source_id)
            changed = replace(source, **changes)
            if changed != source:
                changed = replace(changed, updated_at=time.time())
                wanted = {**self._picture.sources, source_id: changed}
                await self._keep(wanted, changed, store.change_source)

    async def delete(self, source_id: str) -> None:
        async with self._lock:
            source = self._picture.known(source_id)
            left = {key: value for key, value in self._picture.sources.items() if key != source_id}
            await self._keep(left, source, store.delete_source)

    async def _keep(self, wanted: dict[str, Source], source: Source, keep: Work[[Source], None]) -> None:
        """The lock is held: what is wanted was made of what is."""
        try:
            await self._tell_engine(wanted, self._picture.probes)
            await self._database(keep, source)
        except RegieError:
            self._stale.set()  # the old show holds, whatever the engine has taken
            raise
        before = {key: self._picture.production(key) for key in self._picture.productions}
        self._picture.sources = wanted
        self._picture.changed()
        if source.id in wanted:
            self._hub.publish_source(source.id)
        else:
            self._hub.publish("source-deleted", {"id": source.id})
        for production_id, production in before.items():
            if self._picture.production(production_id) != production:
                self._hub.publish_production(production_id)

    async def start_probe(self, kind: str, options: Json) -> Probe:
        """Run a source for a minute without keeping it."""
        probe = Probe(secrets.token_hex(4), kind, options)
        async with self._lock:
            if len(self._picture.probes) >= MAX_PROBES:
                raise TooMany(
                    f"{MAX_PROBES} connections are being tested already", "wait a minute", retry_after_s=15
                )
            probes = {**self._picture.probes, probe.id: probe}
            try:
                await self._tell_engine(self._picture.sources, probes)
            except RegieError:
                self._stale.set()
                raise
            self._picture.probes = probes
        task = asyncio.create_task(self._end_probe_later(probe))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return probe

    async def _end_probe_later(self, probe: Probe) -> None:
        await asyncio.sleep(PROBE_LIFE_S)
        await self.end_probe(probe)

    async def end_probe(self, probe: Probe) -> None:
        """Stop it; twice is once."""
        async with self._lock:
            self._picture.probes = {k: v for k, v in self._picture.probes.items() if k != probe.id}
        self._stale.set()

    async def _tell_engine(
        self,
        sources: dict[str, Source],
        probes: dict[str, Probe],
        productions: Mapping[str, Production] | None = None,
    ) -> None:
        made_of = self._picture.productions if productions is None else productions
        mixers = [self.mixer(with_sources(production, sources.values())) for production in made_of.values()]
        show = show_from_sources(sources.values(), probes.values(), self._folders.media)
        workers = (*show.workers, *mixers)
        await self._engine.apply(Show(workers))
        self._picture.merge_workers(await self._engine.status(), {worker.id for worker in workers})


def demo_sources(now: float) -> list[Source]:
    return [
        Source(source_id, name, "test", dict(options), True, now + index / 1000, now)
        for index, (source_id, name, options) in enumerate(DEMO)
    ]
