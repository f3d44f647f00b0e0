"""The engine as the API sees it. Every call has a deadline and raises a RegieError that says what is away."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

from regie.domain.errors import RegieError, Unavailable
from regie.domain.workers import Json, Show
from regie.engine.directory import ENGINE_SOCKET, WorkerDirectory
from regie.link.client import CALL_TIMEOUT_S, LinkClient, events

RECONNECT_S = 0.2
SILENCE_TIMEOUT_S = 5.0  # it tells its figures every second: silent for this long, it does not answer


class EngineClient:
    """Calls to the engine of a run directory, and directly to its workers."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._socket = run_dir / ENGINE_SOCKET

    async def apply(self, show: Show) -> list[str]:
        reply = await self._call("apply", {"show": show.to_wire()})
        return [str(worker_id) for worker_id in reply["changed"]]

    async def status(self) -> Json:
        return await self._call("status")

    async def stats(self) -> Json:
        return await self._call("stats")

    async def logs(self, worker_id: str, lines: int = 200) -> list[str]:
        reply = await self._call("logs", {"worker": worker_id, "lines": lines})
        return [str(line) for line in reply["lines"]]

    async def restart(self, worker_id: str) -> None:
        await self._call("restart", {"worker": worker_id})

    def events(self) -> AsyncGenerator[tuple[str, Json]]:
        """The engine's, for ever: ("connected", status), what happens, ("lost", {}) when it is away."""
        return _followed(self._socket, self.status)

    def worker_events(self, worker_id: str) -> AsyncGenerator[tuple[str, Json]]:
        """Those of a worker that is never silent: ("connected", {}), what happens, ("lost", {})."""
        return _followed(WorkerDirectory(self._run_dir, worker_id).socket, _nothing)

    async def worker_call(
        self, worker_id: str, name: str, args: Json | None = None, timeout_s: float = CALL_TIMEOUT_S
    ) -> Json:
        """A call straight to a worker's control socket."""
        away = Unavailable(
            f"the {worker_id} worker is not running at the moment",
            "it is restarted by itself; try again in a few seconds",
        )
        return await _call(WorkerDirectory(self._run_dir, worker_id).socket, name, args, timeout_s, away)

    async def _call(self, name: str, args: Json | None = None) -> Json:
        away = Unavailable(
            "the engine is not running at the moment", "what is on air stays on air; start it with: regie up"
        )
        return await _call(self._socket, name, args, CALL_TIMEOUT_S, away)


async def _followed(socket: Path, greet: Callable[[], Awaitable[Json]]) -> AsyncGenerator[tuple[str, Json]]:
    while True:
        connected = False
        try:
            async with aclosing(events(socket)) as stream:
                while item := await asyncio.wait_for(anext(stream, None), SILENCE_TIMEOUT_S):
                    if item[0] == "subscribed":
                        item = "connected", await greet()
                        connected = True
                    yield item
        except (RegieError, TimeoutError):
            pass  # away: one that is replaced is back in a moment
        if connected:
            yield "lost", {}
        await asyncio.sleep(RECONNECT_S)


async def _nothing() -> Json:
    return {}


async def _call(socket: Path, name: str, args: Json | None, timeout_s: float, away: Unavailable) -> Json:
    try:
        link = await LinkClient.connect(socket)
    except Unavailable:
        raise away from None
    async with link:
        return await link.call(name, args, timeout_s)
