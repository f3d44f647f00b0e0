"""The answering end of the control link."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from regie.domain.errors import Invalid, RegieError, wire_from_error
from regie.domain.workers import Json
from regie.link.wire import MAX_LINE_BYTES, line_from_message, message_from_line

log = logging.getLogger(__name__)

type Handler = Callable[[Json], Awaitable[Json]]

EVENT_QUEUE_LENGTH = 256  # a listener that falls this far behind is hung up; it reconnects and reads anew


class LinkServer:
    """Answers calls on a Unix socket and publishes events to those who asked for them."""

    def __init__(self, socket_path: Path, handlers: Mapping[str, Handler]) -> None:
        self.path = socket_path
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._listeners: dict[asyncio.StreamWriter, asyncio.Queue[bytes]] = {}
        self._connections: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=MAX_LINE_BYTES)
        self.path.chmod(0o600)

    async def close(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for writer in list(self._connections):
            writer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1.0)

    def publish(self, event: str, data: Json) -> None:
        """Send an event to every listener; one that does not read is hung up, never waited for."""
        line = line_from_message({"event": event, "data": data})
        for writer, queue in list(self._listeners.items()):
            try:
                queue.put_nowait(line)
            except asyncio.QueueFull:
                log.warning("an event listener does not read: hanging up")
                self._listeners.pop(writer, None)
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        calls: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._answer(line, writer))
                calls.add(task)
                task.add_done_callback(calls.discard)
        except (ConnectionError, ValueError):
            pass  # gone, or a line over the limit: hang up
        finally:
            for task in calls:
                task.cancel()
            self._listeners.pop(writer, None)
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        reply: Json = {"id": None}
        try:
            message = message_from_line(line)
            reply["id"] = message.get("id")
            if message.get("call") == "events":
                reply["ok"] = {}
                await self._send(writer, line_from_message(reply))
                await self._pump_events(writer)
                return
            answer = await self._handle(message)
            json.dumps(answer)  # what cannot cross is a fault of the handler, and answered as one
            reply["ok"] = answer
        except RegieError as error:
            reply["error"] = wire_from_error(error)
        except Exception:
            log.exception("a control call failed")
            reply["error"] = {
                "kind": "internal",
                "message": "internal error; see the log of this worker",
            }
        await self._send(writer, line_from_message(reply))

    async def _handle(self, message: Json) -> Json:
        name = str(message.get("call"))
        handler = self._handlers.get(name)
        if handler is None:
            raise Invalid(f"unknown call {name!r}; known are {', '.join(sorted(self._handlers))}, events")
        args = message.get("args") or {}
        if not isinstance(args, dict):
            raise Invalid("args must be an object")
        return await handler(args)

    async def _pump_events(self, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue(EVENT_QUEUE_LENGTH)
        self._listeners[writer] = queue
        while True:
            await self._send(writer, await queue.get())

    async def _send(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(line)
            await writer.drain()
