"""What is known at this moment: the sources from the store, and how their workers are from the engine."""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping

from regie.api.desks import Desks
from regie.api.models import AudioFigures, PathState, SourceState, VideoFigures, Viewer, WorkerStatus
from regie.api.problems import redacted
from regie.domain.edits import mixer_id, with_sources
from regie.domain.errors import NotFound
from regie.domain.production import Production
from regie.domain.sources import Probe, Source
from regie.domain.workers import Json, WorkerState
from regie.protocols.source import public_options

EDGE = "edge-0"
TOOLS = "tools"


class Picture:
    """Owned by the event loop; the followers of the engine and of the store write it, the routes read it."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.probes: dict[str, Probe] = {}
        self.productions: dict[str, Production] = {}
        self.desks = Desks()
        self.workers: dict[str, WorkerStatus] = {}
        self.stats: Mapping[str, Json] = {}
        self.usage: Mapping[str, Json] = {}
        self.engine_answers = False
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Wake those who wait for something to become true."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until[T](self, look: Callable[[], T | None], timeout_s: float) -> T | None:
        """What `look` returns as soon as it returns something; None when it does not in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while (seen := look()) is None:
                    await self._changed.wait()
                return seen
        except TimeoutError:
            return look()

    def engine_lost(self) -> None:
        """Its workers run on, as far as anyone knows; the figures it told are of no use any more."""
        self.engine_answers = False
        self.stats, self.usage = {}, {}

    def set_workers(self, status: Json) -> None:
        self.workers = {wire["id"]: worker_from_wire(wire) for wire in status.get("workers", [])}

    def merge_workers(self, status: Json, wanted: Collection[str]) -> None:
        """An answer that crossed with events: it may be older than what they said already. A worker that
        they said is gone comes back only if it is wanted."""
        for wire in status.get("workers", []):
            known = self.workers.get(wire["id"])
            if wire["id"] in wanted if known is None else wire["since"] > known.since:
                self.workers[wire["id"]] = worker_from_wire(wire)

    def known(self, source_id: str) -> Source:
        source = self.sources.get(source_id)
        if source is None:
            raise NotFound(f"there is no source {source_id[:60]!r}")
        return source

    def source(self, source_id: str) -> SourceState:
        source = self.sources[source_id]
        state, reason, since = self._state(source)
        worker = self.workers.get(source.worker_id)
        return SourceState(
            id=source.id,
            name=source.name,
            kind=source.kind,
            options=public_options(source.kind, source.options),
            enabled=source.enabled,
            max_viewers=source.max_viewers,
            path=source.path,
            state=state,
            reason=reason,
            since=since,
            detail=worker.detail if worker and source.enabled else {},
            created_at=source.created_at,
            updated_at=source.updated_at,
        )

    def _state(self, source: Source) -> tuple[WorkerState, str, float]:
        worker = self.workers.get(source.worker_id)
        if not source.enabled:
            if worker is not None:
                return worker.state, "stopping", source.updated_at
            return WorkerState.STOPPED, "switched off", source.updated_at
        if worker is None:
            return WorkerState.STARTING, "waiting for the engine to start it", source.updated_at
        return worker.state, worker.reason, worker.since

    def all_sources(self) -> list[SourceState]:
        return [self.source(source_id) for source_id in self.sources]

    def production(self, production_id: str) -> Production:
        """With the inputs there are now: every source is one."""
        production = self.productions.get(production_id)
        if production is None:
            raise NotFound(f"there is no production {production_id[:60]!r}")
        return with_sources(production, self.sources.values())

    def production_state(self, production_id: str) -> Json:
        """A production, and its desk: null while its mixer does not answer."""
        return {
            "production": self.production(production_id).to_wire(),
            "desk": self.desks.now(production_id),
            "warnings": self.desks.warnings(production_id),
        }

    def users_of(self, source: Source) -> list[str]:
        """The productions that show this source at this moment, by name."""
        return [
            production.name
            for production in self.productions.values()
            if (desk := self.desks.now(production.id)) and source.id in desk["programme_sources"]
        ]

    def mixers_of(self, source: Source) -> int:
        """How many mixers read it, seen or not."""
        inputs = [self.production(production_id).inputs for production_id in self.productions]
        return sum(source.id in {item.id for item in of_one} for of_one in inputs)

    def path(self, name: str) -> PathState | None:
        """A path by its name; also one that is only being tried out, which is in no list."""
        prefix, _, rest = name.partition("/")
        if prefix == "src" and (source := self.sources.get(rest)):
            state, reason, _ = self._state(source)
            return self._path(name, source.name, state, reason)
        if prefix == "probe" and (probe := self.probes.get(rest)):
            worker = self.workers.get(probe.worker_id)
            state = worker.state if worker else WorkerState.STARTING
            return self._path(name, "Test", state, worker.reason if worker else "")
        if prefix in _TITLES and (production := self.productions.get(rest)):
            return self._path(name, _title(prefix, production), *self._mixer_state(production))
        return None

    def max_viewers(self, name: str) -> int:
        """How many may watch this path at once; 0: as many as the edge serves in all."""
        return next((source.max_viewers for source in self.sources.values() if source.path == name), 0)

    def _mixer_state(self, production: Production) -> tuple[WorkerState, str]:
        worker = self.workers.get(mixer_id(production.id))
        if worker is None:
            return WorkerState.STARTING, "waiting for the engine to start its mixer"
        return worker.state, worker.reason

    def all_paths(self) -> list[PathState]:
        names = [source.path for source in self.sources.values()]
        names += [f"{kind}/{production_id}" for production_id in self.productions for kind in _TITLES]
        return [path for name in names if (path := self.path(name))]

    def _path(self, name: str, title: str, state: WorkerState, reason: str) -> PathState:
        figures = self._figures(name)
        video, audio = figures.get("video"), figures.get("audio")
        return PathState(
            name=name,
            title=title,
            state=state,
            reason=reason,
            readers=max((stream.get("readers") or 0 for stream in (video, audio) if stream), default=0),
            viewers=int(self.edge_path(name).get("viewers", 0)),
            video=VideoFigures.model_validate(video) if video else None,
            audio=AudioFigures.model_validate(audio) if audio else None,
        )

    def _figures(self, name: str) -> Json:
        for worker_id, stats in self.stats.items():
            if worker_id != EDGE and name in (paths := stats.get("paths") or {}):
                return dict(paths[name] or {})
        return {}

    def edge_path(self, name: str) -> Json:
        return dict((self.stats.get(EDGE, {}).get("paths") or {}).get(name) or {})

    def viewers(self) -> list[Viewer]:
        return list(viewers_from_stats(self.stats.get(EDGE, {})))


_TITLES = {"pgm": "{}", "pvw": "{}, preview", "mon": "{}, monitor", "clean": "{}, clean"}


def _title(kind: str, production: Production) -> str:
    return _TITLES[kind].format(production.name)


def worker_from_wire(wire: Json) -> WorkerStatus:
    """Reasons and details come from the outside world: nothing secret may stand in them here."""
    return WorkerStatus.model_validate(
        redacted({key: value for key, value in wire.items() if value is not None})
    )


def viewers_from_stats(stats: Json) -> Iterator[Viewer]:
    for wire in stats.get("viewers") or []:
        yield Viewer.model_validate({**wire, "session": public_session(str(wire["session"]))})


def public_session(session: str) -> str:
    """The name of a viewer's session for others: whoever knows the session itself may end it."""
    return hashlib.sha256(session.encode()).hexdigest()[:12]
