"""The events WebSocket's other side: one hub that follows the engine and tells every open page."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from regie.api.discretion import discreet, sees_all
from regie.api.picture import Picture, worker_from_wire
from regie.api.system import SystemFigures
from regie.domain.access import Identity
from regie.domain.workers import Json
from regie.engine.client import EngineClient

log = logging.getLogger(__name__)

QUEUE_LENGTH = 256  # a page that falls this far behind is hung up: it comes back and gets a new snapshot
STATS_INTERVAL_S = 1.0


@dataclass(eq=False)
class Listener:
    """One open page. Its messages are numbered for it alone, so that it sees when one is missing."""

    identity: Identity
    seq: int = 0
    queue: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    wants: frozenset[str] = frozenset()  # events that are many and useless when late: only for who asks

    def put(self, body: str) -> None:
        """Queue a message with its number; the body was encoded once for all listeners."""
        self.seq += 1
        self.queue.put_nowait(f'{{"seq":{self.seq},{body}')


class EventHub:
    """Keeps the picture up to date and publishes what changes in it, as it changes."""

    def __init__(self, engine: EngineClient, picture: Picture, figures: SystemFigures, server: Json) -> None:
        self._engine = engine
        self._picture = picture
        self._figures = figures
        self._server = server
        self._stats_at = 0.0
        self.listeners: set[Listener] = set()
        self.dropped = 0

    async def follow_engine(self, on_connected: Callable[[], None]) -> None:
        """For ever: whatever the engine says becomes part of the picture, then news for the pages."""
        async for event, data in self._engine.events():
            try:
                self._take(event, data)
                if event == "connected":
                    on_connected()
            except Exception:  # one odd message must not end the news
                log.exception("an event of the engine could not be understood: %s", event)

    async def tell_the_time(self) -> None:
        """For ever: figures once a second, also while the engine is away, so that pages see we are here."""
        while True:
            await asyncio.sleep(STATS_INTERVAL_S)
            if time.monotonic() - self._stats_at > 1.5 * STATS_INTERVAL_S:
                self._publish_stats()

    def _take(self, event: str, data: Json) -> None:
        match event:
            case "connected":
                self._picture.engine_answers = True
                self._picture.set_workers(data)
                self.publish("engine", self._engine_state())
                for worker in self._picture.workers.values():
                    self.publish("worker", worker.model_dump(mode="json"))
                for source_id in self._picture.sources:
                    self.publish_source(source_id)
            case "lost":
                self._picture.engine_lost()
                self.publish("engine", self._engine_state())
            case "worker":
                worker = worker_from_wire(data)
                self._picture.workers[worker.id] = worker
                self.publish("worker", worker.model_dump(mode="json"))
                self._publish_source_of(worker.id)
            case "gone":
                self._picture.workers.pop(str(data["id"]), None)
                self.publish("worker-gone", {"id": str(data["id"])})
                self._publish_source_of(str(data["id"]))
            case "stats":
                self._picture.stats = data.get("workers") or {}
                self._picture.usage = data.get("usage") or {}
                self._stats_at = time.monotonic()
                self._publish_stats()
        self._picture.changed()

    def _engine_state(self) -> Json:
        return {"answers": self._picture.engine_answers}

    def _publish_source_of(self, worker_id: str) -> None:
        source_id = worker_id.removeprefix("src-")
        if source_id != worker_id and source_id in self._picture.sources:
            self.publish_source(source_id)

    def publish_source(self, source_id: str) -> None:
        self.publish("source", self._picture.source(source_id).model_dump(mode="json"))

    def publish_production(self, production_id: str) -> None:
        self.publish("production", self._picture.production(production_id).to_wire())

    def publish_desk(self, production_id: str, desk: Json) -> None:
        self._picture.desks.take(production_id, desk)
        self.publish("desk", {"production": production_id, **desk})

    def lose_desk(self, production_id: str) -> None:
        self._picture.desks.lose(production_id)
        self.publish("desk-lost", {"production": production_id})

    def publish_warning(self, production_id: str, warning: Json) -> None:
        warning = {"production": production_id, **warning}
        self._picture.desks.warn(production_id, warning)
        self.publish("warning", warning)

    def publish_to_those_who_want(self, event: str, data: Json) -> None:
        """To those who have read all that came before: what comes late is better left out."""
        listeners = [one for one in self.listeners if event in one.wants and one.queue.empty()]
        body = _body(event, data) if listeners else ""
        for listener in listeners:
            listener.put(body)

    def _publish_stats(self) -> None:
        if not self.listeners:
            return
        data = {
            "now": time.time(),
            "paths": [path.model_dump(mode="json") for path in self._picture.all_paths()],
            "viewers": [viewer.model_dump(mode="json") for viewer in self._picture.viewers()],
            "usage": dict(self._picture.usage),
            "system": self._figures.now(),
        }
        self.publish("stats", data)

    def publish(self, event: str, data: Json) -> None:
        """To every open page; one that does not read is hung up, never waited for."""
        body, discreet_body = _body(event, data), ""
        for listener in list(self.listeners):
            if sees_all(listener.identity):
                self._put(listener, body)
            else:
                discreet_body = discreet_body or _body(event, discreet(data))
                self._put(listener, discreet_body)

    def reply(self, listener: Listener, answer: Json) -> None:
        """To one page, which asked."""
        self._put(listener, json.dumps(answer, separators=(",", ":"))[1:])

    def _put(self, listener: Listener, body: str) -> None:
        try:
            listener.put(body)
        except asyncio.QueueFull:
            self.dropped += 1
            self.end(listener)

    def end(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        listener.ended.set()

    def end_where(self, matches: Callable[[Identity], bool]) -> None:
        """Hang up those who may no longer listen: their session or token is gone."""
        for listener in [listener for listener in self.listeners if matches(listener.identity)]:
            self.end(listener)

    @asynccontextmanager
    async def listening(self, identity: Identity) -> AsyncIterator[Listener]:
        """A listener whose queue begins with the snapshot. Nothing is lost between it and the changes."""
        listener, snapshot = Listener(identity), self._snapshot()
        listener.put(_body("snapshot", snapshot if sees_all(identity) else discreet(snapshot)))
        self.listeners.add(listener)
        try:
            yield listener
        finally:
            self.end(listener)

    def _snapshot(self) -> Json:
        return {
            "sources": [source.model_dump(mode="json") for source in self._picture.all_sources()],
            "paths": [path.model_dump(mode="json") for path in self._picture.all_paths()],
            "workers": [worker.model_dump(mode="json") for worker in self._picture.workers.values()],
            "viewers": [viewer.model_dump(mode="json") for viewer in self._picture.viewers()],
            "productions": {key: self._picture.production_state(key) for key in self._picture.productions},
            "server": self._server,
            "engine": self._engine_state(),
        }


def _body(event: str, data: Json) -> str:
    return json.dumps({"type": event, "data": data}, separators=(",", ":"))[1:]
