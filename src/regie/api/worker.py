"""The server as a worker: opens the store, serves HTTP, and keeps the engine told."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from regie import __version__
from regie.api.access import Access
from regie.api.app import make_app
from regie.api.events import EventHub
from regie.api.metrics import Metrics
from regie.api.picture import Picture
from regie.api.productions import ProductionKeeper
from regie.api.services import Services
from regie.api.show import Folders, ShowKeeper
from regie.api.system import SystemFigures
from regie.api.titles import Titles
from regie.domain.errors import Invalid, RegieError, Unavailable
from regie.domain.workers import Json, Report, WorkerState
from regie.engine.build import fingerprint
from regie.engine.client import EngineClient
from regie.link.server import Handler
from regie.link.worker import ReportTo, WorkerContext, run_worker
from regie.settings import Settings
from regie.store.database import Database
from regie.store.keys import cli_token, secret_key
from regie.store.links import forget_dead_links
from regie.store.sessions import forget_dead_sessions
from regie.store.stills import Stills

log = logging.getLogger(__name__)

RETRY_S = 1.0
STOP_TIMEOUT_S = 2
PING_S = 5.0
TIDY_INTERVAL_S = 3600.0
WS_LIMIT_BYTES = 64 * 1024


async def run(context: WorkerContext, spec: Json) -> None:
    await run_worker(context, spec, lambda report: ServerBody(context, report))


class ServerBody:
    """Reports LIVE once it really serves; until then it says what it waits for and tries again."""

    def __init__(self, context: WorkerContext, report: ReportTo) -> None:
        self._run_dir = context.run_dir
        self._report = report
        self._serving: asyncio.Task[None] | None = None
        self._spec: Json = {}

    async def start(self, spec: Json) -> None:
        self._spec = spec
        self._serving = asyncio.create_task(self._serve_until_told(_settings(spec)))

    async def apply(self, spec: Json) -> None:
        if spec != self._spec:
            await self.close()
            await self.start(spec)

    async def stats(self) -> Json:
        return {}

    def calls(self) -> Mapping[str, Handler]:
        return {}

    async def close(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving
            self._serving = None

    async def _serve_until_told(self, settings: Settings) -> None:
        while True:
            try:
                await self._serve(settings)
            except RegieError as error:
                log.error("%s (%s)", error.message, error.hint)
                self._report(Report(WorkerState.RETRYING, error.message))
            except Exception:
                log.exception("the server failed")
                self._report(Report(WorkerState.RETRYING, "the server failed; its log says why"))
            await asyncio.sleep(RETRY_S)

    async def _serve(self, settings: Settings) -> None:
        database = await asyncio.to_thread(Database.open, settings.data_dir, settings.database_url)
        try:
            services = await _services(settings, self._run_dir, database)
            with _listening(settings) as listener:
                server = QuietServer(_config(settings, make_app(services)))
                async with _left_in_order(services), beside(*_for_ever(services)):
                    await self._run_server(server, listener, settings)
        finally:
            await asyncio.to_thread(database.close)

    async def _run_server(self, server: "QuietServer", listener: socket.socket, settings: Settings) -> None:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        ready = asyncio.create_task(server.ready.wait())
        try:
            await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
            if server.started:
                detail = MappingProxyType({"url": settings.base_url})
                self._report(Report(WorkerState.LIVE, f"serving at {settings.base_url}", detail))
            await asyncio.shield(task)
        finally:
            ready.cancel()
            server.should_exit = True
            await asyncio.wait([task], timeout=STOP_TIMEOUT_S + 1.0)
            task.cancel()


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: run_worker has its own. It says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _settings(spec: Json) -> Settings:
    try:
        return Settings.from_wire(dict(spec.get("settings") or {}))
    except ValidationError as error:
        wrong = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        raise Invalid(f"the server was given settings it cannot use: {wrong}") from None  # may hold secrets


def _config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,  # addresses asked for may hold what is nobody's business; /metrics counts them
        server_header=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=WS_LIMIT_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    try:
        config.load()
    except OSError as error:  # a certificate that is none, or a key that belongs to another
        raise Unavailable(
            f"the TLS certificate or key cannot be used: {error}", "check REGIE_TLS_CERT and REGIE_TLS_KEY"
        ) from error
    return config


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    host, port = settings.http_host, settings.http_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, asyncio turns Nagle's algorithm off: else every answer waits 40 ms for an acknowledgement
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"port {port} on {host} cannot be opened: {error.strerror}",
                "stop the program that uses it, or set REGIE_HTTP_PORT to another port",
            ) from error
        listener.set_inheritable(False)
        yield listener
    finally:
        listener.close()


async def _services(settings: Settings, run_dir: Path, database: Database) -> Services:
    now, build = time.time(), await asyncio.to_thread(fingerprint)
    engine, picture, figures = EngineClient(run_dir), Picture(), SystemFigures(settings.data_dir)
    key, token = await asyncio.to_thread(
        lambda: (secret_key(settings.data_dir), cli_token(settings.data_dir))
    )
    access = Access(settings, database, key, token)
    about = {"version": __version__, "build": build, "started_at": now}
    hub = EventHub(engine, picture, figures, about)
    stills = Stills(settings.data_dir)
    show = ShowKeeper(database, engine, picture, hub, Folders(settings.media_dir, stills.folder))
    productions = ProductionKeeper(database, engine, picture, hub, show)
    metrics = Metrics()
    metrics.watch(picture, hub, access)
    await asyncio.to_thread(settings.media_dir.mkdir, parents=True, exist_ok=True)
    await _tidy(database, access)
    await show.load()
    await productions.load()
    return Services(
        settings=settings,
        database=database,
        engine=engine,
        picture=picture,
        hub=hub,
        show=show,
        productions=productions,
        titles=Titles(engine, picture, stills),
        access=access,
        figures=figures,
        metrics=metrics,
        build=build,
        started_at=now,
    )


async def _tidy(database: Database, access: Access) -> None:
    await database(forget_dead_links, time.time())
    await database(forget_dead_sessions, time.time(), access.admin_token_hash)


def _for_ever(services: Services) -> Iterator[Coroutine[Any, Any, None]]:
    hub, show, productions = services.hub, services.show, services.productions
    yield hub.follow_engine(show.tell_again)
    yield hub.tell_the_time()
    yield show.keep_engine_told()
    yield productions.follow_mixers()
    yield productions.keep_strips()
    yield _tidy_for_ever(services)


@contextlib.asynccontextmanager
async def beside(*for_ever: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """What goes on besides requests, for as long as we serve. If one of them fails, so does the serving."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in for_ever]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


@contextlib.asynccontextmanager
async def _left_in_order(services: Services) -> AsyncIterator[None]:
    """In the end nobody listens any more, and what was still to be kept is kept."""
    try:
        yield
    finally:
        for listener in list(services.hub.listeners):
            services.hub.end(listener)
        await services.productions.flush()


async def _tidy_for_ever(services: Services) -> None:
    while True:
        await asyncio.sleep(TIDY_INTERVAL_S)
        with contextlib.suppress(RegieError):
            await _tidy(services.database, services.access)
