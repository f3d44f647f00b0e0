"""`regie up`: the engine, wired for this machine and its settings."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from regie.domain.errors import Conflict, Invalid
from regie.domain.redact import redact
from regie.domain.workers import Json, WorkerSpec
from regie.ending import ENDING_SIGNALS, HAND_OVER, deliver_ending_signals
from regie.engine.build import fingerprint
from regie.engine.directory import WorkerDirectory
from regie.engine.lock import only_engine
from regie.engine.process import sample
from regie.engine.supervisor import EngineOptions, Supervisor
from regie.settings import Settings

WATCH_S = 0.05
LINK_TIMEOUT_S = 20.0

# What only the server may know: workers get what they need in their spec.
SECRET_VARIABLES = ("REGIE_ADMIN_TOKEN", "REGIE_DATABASE_URL", "REGIE_ICE_SERVERS")


def up(settings: Settings, kinds: frozenset[str]) -> int:
    """Run until a signal: SIGTERM and SIGINT end everything, SIGUSR1 leaves the workers running."""
    with only_engine(settings.run_dir, settings.data_dir):
        check_ports(settings)
        options = EngineOptions(
            run_dir=settings.run_dir,
            data_dir=settings.data_dir,
            build=fingerprint(),
            kinds=kinds,
            residents=residents(settings),
            command=lambda spec: command(settings.run_dir, spec),
            environ=lambda spec: environ(settings, spec),
        )
        return asyncio.run(run_engine(options, lambda engine: _tell_when_serving(engine, settings)))


def residents(settings: Settings) -> tuple[WorkerSpec, ...]:
    """The workers that always run, whatever the show. The server comes first: people wait for it."""
    edge: Json = {
        "port": settings.webrtc_port,
        "ice_servers": [server.to_wire() for server in settings.ice_servers],
        "addresses": list(settings.webrtc_addresses),
        "max_viewers": settings.max_viewers,
    }
    return (
        WorkerSpec("server", "server", {"settings": settings.to_wire()}),
        WorkerSpec("edge-0", "edge", edge),
        WorkerSpec("tools", "tools"),
    )


def command(run_dir: Path, spec: WorkerSpec) -> list[str]:
    """-P: a module that lies in the current directory must not become part of Regie."""
    worker = ["worker", spec.kind, "--id", spec.id, "--run-dir", str(run_dir)]
    return [sys.executable, "-P", "-m", "regie.main", *worker]


def environ(settings: Settings, spec: WorkerSpec) -> Mapping[str, str]:
    hidden = () if spec.kind == "server" else SECRET_VARIABLES
    inherited = {key: value for key, value in os.environ.items() if key not in hidden}
    return {**inherited, "REGIE_LOG_LEVEL": settings.log_level}


def check_ports(settings: Settings) -> None:
    """Say which port is taken before anything starts. A worker of ours that still runs may hold its own."""
    wrong = []
    if not _held_by(settings, "server", {"settings": {"http_port": settings.http_port}}):
        wrong += _taken("http_port", settings.http_host, settings.http_port, socket.SOCK_STREAM)
    if not _held_by(settings, "edge-0", {"port": settings.webrtc_port}):
        wrong += _taken("webrtc_port", "0.0.0.0", settings.webrtc_port, socket.SOCK_DGRAM)  # noqa: S104
    if wrong:
        raise Conflict(
            "\n".join(wrong), "end the program that uses it, or choose another port in the settings"
        )


def _held_by(settings: Settings, worker_id: str, said: Json) -> bool:
    """Whether a worker of an earlier engine runs on with this port."""
    directory = WorkerDirectory(settings.run_dir, worker_id)
    identity = directory.read_identity()
    found = sample(identity.pid) if identity else None
    if identity is None or found is None or found.start_ticks != identity.start_ticks:
        return False
    return _contains(directory.read_spec() or {}, said)


def _contains(whole: Json, part: Json) -> bool:
    return all(
        _contains(whole.get(key) or {}, value) if isinstance(value, dict) else whole.get(key) == value
        for key, value in part.items()
    )


def _taken(key: str, host: str, port: int, kind: socket.SocketKind) -> list[str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
    except OSError:
        raise Invalid(f"http_host {host!r} is not an address of this machine") from None
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:  # as the server does: connections of an ended one may still linger
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            if kind is socket.SOCK_STREAM:
                probe.listen(1)
        except PermissionError:
            return [f"{key} {port} needs root: ports below 1024 are reserved"]
        except OSError as error:
            layer = "TCP" if kind is socket.SOCK_STREAM else "UDP"
            return [f"{key} {port} ({layer}) cannot be used at {host}: {error.strerror}"]
    return []


async def run_engine(options: EngineOptions, tell: Callable[[Supervisor], Coroutine[Any, Any, None]]) -> int:
    """Supervise until a signal comes; `tell` runs beside it."""
    ended: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    _on_signals(ended)
    supervisor = Supervisor(options)
    await supervisor.start()
    telling = asyncio.create_task(tell(supervisor))
    try:
        number = await ended
    finally:
        telling.cancel()
    if number is HAND_OVER:
        _say("regie: the engine ends, its workers run on; regie up takes them over")
        await supervisor.leave()
    else:
        _say("regie: stopping")
        await supervisor.close()
    return 0


def _on_signals(ended: asyncio.Future[signal.Signals]) -> None:
    def end(number: signal.Signals) -> None:
        if not ended.done():
            ended.set_result(number)

    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the show goes on when the terminal is closed
    for number in ENDING_SIGNALS:
        loop.add_signal_handler(number, end, number)
    deliver_ending_signals()


async def _tell_when_serving(supervisor: Supervisor, settings: Settings) -> None:
    told = ""
    while (server := supervisor.state_of("server")) is None or server["state"] != "live":
        if server and server["reason"] not in ("", told):
            told = server["reason"]
            _say(f"regie: the server is not up yet: {redact(told)}")
        await asyncio.sleep(WATCH_S)
    _say(f"Regie is serving at {settings.base_url}")
    await run_briefly([sys.executable, "-P", "-m", "regie.main", "link", "--if-first"], LINK_TIMEOUT_S)


async def run_briefly(command: Sequence[str], timeout_s: float) -> None:
    """Run a command to its end; one that takes too long, or runs while the engine ends, is killed."""
    child = await asyncio.create_subprocess_exec(*command, start_new_session=True)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), timeout_s)
    finally:
        with suppress(ProcessLookupError):
            child.kill()


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        print(text, flush=True)
