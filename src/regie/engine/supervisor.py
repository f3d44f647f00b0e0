"""The engine: makes the wanted show so, keeps it so, and tells how it is."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regie
from regie.domain.errors import Invalid, NotFound, Unavailable
from regie.domain.supervision import RestartAsked, Unwanted, Wanted
from regie.domain.workers import Json, Show, WorkerSpec
from regie.engine.directory import (
    ENGINE_SOCKET,
    WorkerDirectory,
    read_json,
    worker_directories,
    write_lasting_json,
)
from regie.engine.worker import Launcher, Worker
from regie.link.server import LinkServer

log = logging.getLogger(__name__)

SHOW_FILE = "show.json"
BEAT_S = 1.0
STATS_WAIT_S = 0.3
STOP_ALL_TIMEOUT_S = 8.0
MAX_LOG_LINES = 1000


@dataclass(frozen=True)
class EngineOptions:
    run_dir: Path
    data_dir: Path
    build: str
    kinds: frozenset[str]
    residents: tuple[WorkerSpec, ...]
    command: Callable[[WorkerSpec], Sequence[str]]
    environ: Callable[[WorkerSpec], Mapping[str, str]]


class Supervisor:
    """All workers of one run directory. `start`, then `close` to end them or `leave` to let them run on."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        slots = asyncio.Semaphore(max(2, os.process_cpu_count() or 1))
        self._launcher = Launcher(options.build, options.command, options.environ, slots)
        self._workers: dict[str, Worker] = {}
        self._show = Show()
        self._show_file = options.data_dir / SHOW_FILE
        self._since = time.time()
        self._beating: asyncio.Task[None] | None = None
        self._closing = False
        self._empty = asyncio.Event()
        self._link = LinkServer(
            options.run_dir / ENGINE_SOCKET,
            {
                "apply": self._on_apply,
                "status": self._on_status,
                "stats": self._on_stats,
                "logs": self._on_logs,
                "restart": self._on_restart,
            },
        )

    async def start(self) -> None:
        """Adopt what runs, start what is missing, stop what nobody wants, and answer calls."""
        self._show, is_whole = self._show_from_disk()
        self._adopt()
        if not is_whole:  # what runs is the best that is known; what of it is not wanted, the server will say
            self._show = self._show_and_adopted()
        await self._link.start()
        self._reconcile()
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """End every worker."""
        self._closing = True
        for worker in list(self._workers.values()):
            worker.feed(Unwanted())
        try:
            if self._workers:
                await asyncio.wait_for(self._empty.wait(), STOP_ALL_TIMEOUT_S)
        except TimeoutError:
            log.error("these workers do not end: %s", ", ".join(self._workers))
        await self._end()

    async def leave(self) -> None:
        """Let go of every worker; the next engine finds them running."""
        self._closing = True
        for worker in self._workers.values():
            worker.release()
        await self._end()

    def state_of(self, worker_id: str) -> Json | None:
        worker = self._workers.get(worker_id)
        return worker.status() if worker else None

    def apply(self, show: Show) -> list[str]:
        """Want this show from now on; the ids of what is new, different or gone."""
        self._refuse_when_closing()
        self._check(show)
        before = {spec.id: spec for spec in self._show.workers}
        after = {spec.id: spec for spec in show.workers}
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        if changed:
            write_lasting_json(self._show_file, show.to_wire())
            self._show = show
        self._reconcile()
        return changed

    async def _end(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        await self._link.close()
        (self._options.run_dir / ENGINE_SOCKET).unlink(missing_ok=True)

    def _wanted(self) -> dict[str, WorkerSpec]:
        return {spec.id: spec for spec in (*self._options.residents, *self._show.workers)}

    def _reconcile(self) -> None:
        wanted = self._wanted()
        for worker_id in self._workers.keys() - wanted.keys():
            self._workers[worker_id].feed(Unwanted())
        for worker_id, spec in wanted.items():
            if worker_id not in self._workers:
                self._workers[worker_id] = self._worker(WorkerDirectory(self._options.run_dir, worker_id))
            self._workers[worker_id].feed(Wanted(spec))

    def _adopt(self) -> None:
        wanted = self._wanted()
        for directory in worker_directories(self._options.run_dir):
            worker = self._worker(directory)
            if worker.adopt():
                log.info("found %s running (process %s)", worker.id, worker.pid)
                self._workers[worker.id] = worker
            elif directory.id not in wanted:
                directory.remove()

    def _worker(self, directory: WorkerDirectory) -> Worker:
        return Worker(directory, self._launcher, self._on_changed, self._on_gone)

    def _on_changed(self, worker: Worker) -> None:
        self._link.publish("worker", worker.status())

    def _on_gone(self, worker: Worker) -> None:
        self._workers.pop(worker.id, None)
        self._link.publish("gone", {"id": worker.id})
        if not self._closing:  # after the last stop the logs are kept for whoever asks why
            worker.directory.remove()
        elif not self._workers:
            self._empty.set()

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        beats: set[asyncio.Task[None]] = set()
        at = loop.time()
        while True:
            for worker in list(self._workers.values()):
                task = loop.create_task(worker.beat())
                beats.add(task)
                task.add_done_callback(beats.discard)
            if beats:
                await asyncio.wait(set(beats), timeout=STATS_WAIT_S)
            self._link.publish("stats", self._figures())
            at = max(at + BEAT_S, loop.time())  # after a pause of the machine, no beats are made up for
            await asyncio.sleep(at - loop.time())

    def _figures(self) -> Json:
        usage = {
            worker.id: {"cpu": round(worker.usage[0], 4), "rss": worker.usage[1]}
            for worker in self._workers.values()
        }
        return {"workers": self._stats(), "usage": usage}

    def _stats(self) -> Json:
        return {worker.id: worker.stats for worker in self._workers.values()}

    def _show_from_disk(self) -> tuple[Show, bool]:
        """The last show, and whether all of it can be used: the pictures come back before the server does."""
        if not self._show_file.exists():
            return Show(), True
        try:
            show = Show.from_wire(read_json(self._show_file) or {"workers": None})
        except (Invalid, KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning(
                "%s is of no use (%s): what runs goes on, and the server will say", self._show_file, error
            )
            return Show(), False
        wrong = {spec.id: text for spec in show.workers if (text := self._wrong_with(spec))}
        for text in wrong.values():
            log.warning("%s: %s", self._show_file, text)
        return Show(tuple(spec for spec in show.workers if spec.id not in wrong)), not wrong

    def _show_and_adopted(self) -> Show:
        running = (worker.supervision.running for worker in self._workers.values())
        wanted = self._wanted()
        return Show((*self._show.workers, *(spec for spec in running if spec and spec.id not in wanted)))

    def _check(self, show: Show) -> None:
        for spec in show.workers:
            if text := self._wrong_with(spec):
                raise Invalid(text)

    def _wrong_with(self, spec: WorkerSpec) -> str:
        if any(spec.id == resident.id for resident in self._options.residents):
            return f"worker {spec.id!r} belongs to the engine itself, not to the show"
        if spec.kind not in self._options.kinds:
            return f"unknown kind {spec.kind!r}; known are {', '.join(sorted(self._options.kinds))}"
        return ""

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise Unavailable("the engine is stopping", "start it again with: regie up")

    def _named(self, args: Json) -> Worker:
        worker = self._workers.get(str(args.get("worker")))
        if worker is None:
            raise NotFound(f"no worker {str(args.get('worker'))[:60]!r} runs here")
        return worker

    async def _on_apply(self, args: Json) -> Json:
        show = args.get("show")
        if not isinstance(show, dict):
            raise Invalid("apply takes a show")
        return {"changed": self.apply(_show_from_wire(show))}

    async def _on_status(self, _: Json) -> Json:
        return {
            "build": self._options.build,
            "version": regie.__version__,
            "pid": os.getpid(),
            "since": self._since,
            "workers": [worker.status() for worker in self._workers.values()],
        }

    async def _on_stats(self, _: Json) -> Json:
        return {"workers": self._stats()}

    async def _on_logs(self, args: Json) -> Json:
        worker, lines = self._named(args), args.get("lines", 200)
        if not isinstance(lines, int):
            raise Invalid("lines is a number")
        return {"lines": worker.directory.log_lines(min(lines, MAX_LOG_LINES))}

    async def _on_restart(self, args: Json) -> Json:
        self._refuse_when_closing()
        self._named(args).feed(RestartAsked())
        return {}


def _show_from_wire(wire: Json) -> Show:
    try:
        return Show.from_wire(wire)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"this is not a show: {error}") from error
