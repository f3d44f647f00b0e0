"""One supervised worker: does in the world what its supervision decides, and tells it what happened."""

import asyncio
import contextlib
import logging
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from regie.domain.errors import RegieError, Unavailable
from regie.domain.redact import redact
from regie.domain.supervision import (
    Answered,
    Applied,
    Apply,
    Effect,
    Event,
    Exited,
    Forget,
    Found,
    Kill,
    Missed,
    Phase,
    Ready,
    Refused,
    Reported,
    Spawn,
    Spawned,
    Supervision,
    Terminate,
    Tick,
)
from regie.domain.workers import Json, Report, WorkerSpec
from regie.engine.directory import Identity, WorkerDirectory
from regie.engine.process import Process
from regie.link.client import LinkClient, events

log = logging.getLogger(__name__)

CONNECT_RETRY_S = 0.02  # while it starts; a worker is ready milliseconds after it listens
RECONNECT_S = 0.5
SLOT_S = 2.0
APPLY_TIMEOUT_S = 10.0

_LOGGED_ERROR = re.compile(r"\S+ \S+ (?:ERROR|CRITICAL) +[\w.]+: (?P<message>.+)")


@dataclass(frozen=True)
class Launcher:
    """How the processes of this engine are started."""

    build: str
    command: Callable[[WorkerSpec], Sequence[str]]
    environ: Callable[[WorkerSpec], Mapping[str, str]]
    slots: asyncio.Semaphore  # so many start at a time: all at once would only be late together


class Worker:
    """Owns a worker's process, connections and directory. Everything runs in the event loop."""

    def __init__(
        self,
        directory: WorkerDirectory,
        launcher: Launcher,
        changed: Callable[["Worker"], None],
        gone: Callable[["Worker"], None],
    ) -> None:
        self.id = directory.id
        self.directory = directory
        self.stats: Json = {}
        self.usage: tuple[float, int] = (0.0, 0)
        self.supervision = Supervision()
        self._launcher = launcher
        self._changed = changed
        self._gone = gone
        self._process: Process | None = None
        self._link: LinkClient | None = None
        self._connecting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._poll: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._events: deque[Event] = deque()
        self._handling = False
        self._is_gone = False
        self._told: tuple[object, ...] = ()
        self._since = time.time()
        self._loop = asyncio.get_running_loop()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def kind(self) -> str:
        spec = self.supervision.running or self.supervision.wanted
        return spec.kind if spec else ""

    def status(self) -> Json:
        cores, rss = self.usage
        return {
            "id": self.id,
            "kind": self.kind,
            "pid": self.pid,
            **self.supervision.report.to_wire(),
            "since": self._since,
            "restarts": self.supervision.restarts,
            "adopted": self.supervision.adopted,
            "cpu": round(cores, 4),
            "rss": rss,
        }

    def feed(self, event: Event) -> None:
        """Handle an event and all that follow from it, one after the other."""
        self._events.append(event)
        if self._handling:
            return
        self._handling = True
        try:
            while self._events:
                for effect in self.supervision.handle(self._events.popleft(), self._loop.time()):
                    self._do(effect)
        finally:
            self._handling = False
        self._set_timer()
        if not self._is_gone:
            self._tell()

    def adopt(self) -> bool:
        """Take over the process an earlier engine started here, if it still runs."""
        identity, spec = self.directory.read_identity(), self.directory.read_spec()
        if identity is None or identity.id != self.id:
            return False
        process = Process.adopt(identity.pid, identity.start_ticks)
        if process is None:
            return False
        self.directory.begin_log()
        self._hold(process)
        known = WorkerSpec(self.id, identity.kind, spec or {})
        self.feed(Found(known, identity.build == self._launcher.build and spec is not None))
        return True

    async def beat(self) -> None:
        """Once a second: the worker's figures, which are its heartbeat, and what it uses."""
        self.directory.bound_log()
        self.usage = self._process.usage() if self._process else (0.0, 0)
        if self.supervision.phase is not Phase.RUNNING:
            return
        if self._poll is not None and not self._poll.done():
            self.feed(Missed())
            return
        self._poll = self._task(self._fetch_stats())
        await asyncio.wait([self._poll])

    def release(self) -> None:
        """Let go of it; it runs on."""
        self._drop_connections()
        if self._timer:
            self._timer.cancel()
        if self._process:
            self._process.release()

    def _do(self, effect: Effect) -> None:
        match effect:
            case Spawn(spec):
                self._settled.clear()
                self._task(self._start(spec))
            case Apply(spec):
                self._task(self._apply(spec))
            case Terminate():
                self._signal(signal.SIGTERM)
            case Kill():
                self._signal(signal.SIGKILL)
            case Forget():
                self._drop_connections()
                self._is_gone = True  # nothing is said of it after this
                self._gone(self)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:  # it still waited for its turn to start
            self._drop_connections()
            self._events.append(Exited("was not started"))
            return
        log.info("%s: %s to process %s (%s)", self.id, number.name, self.pid, self.supervision.report.reason)
        self._process.send(number)
        self._process.send(signal.SIGCONT)  # a stopped process would sleep through SIGTERM

    async def _start(self, spec: WorkerSpec) -> None:
        async with self._launcher.slots:
            try:
                self._spawn(spec)
            except (OSError, RegieError) as error:
                self.feed(Exited(f"could not be started: {error}"))
                return
            self.feed(Spawned())
            with contextlib.suppress(TimeoutError):  # one that hangs must not hold up the others
                await asyncio.wait_for(self._settled.wait(), SLOT_S)

    def _spawn(self, spec: WorkerSpec) -> None:
        self.directory.create()
        self.directory.begin_log()
        self.directory.socket.unlink(missing_ok=True)
        if self.directory.read_spec() != spec.spec:
            self.directory.write_spec(spec)
        process = Process.spawn(
            self._launcher.command(spec), self.directory.log, self._launcher.environ(spec)
        )
        self._hold(process)
        with contextlib.suppress(RegieError):  # the worker writes its own as well; this one is there sooner
            self.directory.write_identity(
                Identity(spec.id, spec.kind, process.pid, process.start_ticks, self._launcher.build)
            )

    def _hold(self, process: Process) -> None:
        self._process = process
        process.on_exit(self._on_exit)
        self._task(self._listen())

    async def _listen(self) -> None:
        """Follow what the worker says of itself, for as long as its process lives."""
        while True:
            try:
                await self._follow()
            except Unavailable:
                pass  # it does not listen yet, or not any more
            except RegieError as error:
                log.warning("%s does not say how it is: %s", self.id, redact(error.message))
            starting = self.supervision.phase is Phase.STARTING
            await asyncio.sleep(CONNECT_RETRY_S if starting else RECONNECT_S)

    async def _follow(self) -> None:
        async with aclosing(events(self.directory.socket)) as stream:
            async for event, data in stream:
                if event == "subscribed":
                    status = await (await self._connected()).call("status")
                    self.feed(Ready(_checked_report(status)))
                    self._settled.set()
                elif event == "report":
                    self.feed(Reported(_checked_report(data)))

    async def _connected(self) -> LinkClient:
        async with self._connecting:
            if self._link is None or self._link.closed:
                self._link = await LinkClient.connect(self.directory.socket)
            return self._link

    async def _fetch_stats(self) -> None:
        try:
            self.stats = await (await self._connected()).call("stats")
        except Unavailable:
            self.feed(Missed())
        except RegieError as error:  # it has no figures, but it answers
            log.warning("%s has no figures: %s", self.id, redact(error.message))
            self.feed(Answered())
        else:
            self.feed(Answered())

    async def _apply(self, spec: WorkerSpec) -> None:
        try:
            await (await self._connected()).call("apply", {"spec": spec.spec}, APPLY_TIMEOUT_S)
        except RegieError as error:
            log.info("%s does not take its new settings while it runs: %s", self.id, redact(error.message))
            self.feed(Refused())
            return
        try:
            self.directory.write_spec(spec)
        except RegieError as error:  # a full disk must not take a picture off air
            log.warning("%s: its settings cannot be written down: %s", self.id, error.message)
        self.feed(Applied(spec))

    def _on_exit(self, how: str) -> None:
        self._process = None
        self.stats, self.usage = {}, (0.0, 0)
        self._drop_connections()
        self._settled.set()
        reason = f"{how}: {said}" if (said := self._last_error()) else how
        log.info("%s %s", self.id, how)
        self.feed(Exited(reason))

    def _last_error(self) -> str:
        """What this process logged last, if that was an error; its end has a reason then."""
        found = _LOGGED_ERROR.fullmatch(self.directory.last_line())
        return redact(found["message"])[:200] if found else ""

    def _drop_connections(self) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if self._link is not None:
            self._link.abort()
            self._link = None

    def _task(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.supervision.deadline is not None:
            self._timer = self._loop.call_at(self.supervision.deadline, self.feed, Tick())

    def _tell(self) -> None:
        report = self.supervision.report
        if self._told[:2] != (report.state, report.reason):
            self._since = time.time()
        now = (report.state, report.reason, report.detail, self.pid, self.kind, self.supervision.adopted)
        if now != self._told:
            self._told = now
            self._changed(self)


def _checked_report(wire: Json) -> Report:
    """A worker's word, with nothing secret in its reason."""
    try:
        report = Report.from_wire(wire)
    except (KeyError, TypeError, ValueError) as error:
        raise RegieError(f"a worker reports what this engine does not know: {error}") from error
    return replace(report, reason=redact(report.reason))
