"""The calling end of the control link."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Self

from regie.domain.errors import Invalid, Unavailable, error_from_wire
from regie.domain.workers import Json
from regie.link.wire import MAX_LINE_BYTES, line_from_message, message_from_line

CONNECT_TIMEOUT_S = 2.0
CALL_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 0.5


class LinkClient:
    """One connection to an engine or a worker. Calls may overlap; every one has a deadline."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._receiver = asyncio.create_task(self._receive())

    @classmethod
    async def connect(cls, socket_path: Path, timeout_s: float = CONNECT_TIMEOUT_S) -> Self:
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_unix_connection(socket_path, limit=MAX_LINE_BYTES), timeout_s
            )
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"nothing answers at {socket_path}") from error
        return cls(reader, writer)

    @property
    def closed(self) -> bool:
        return self._receiver.done()

    async def call(self, name: str, args: Json | None = None, timeout_s: float = CALL_TIMEOUT_S) -> Json:
        """Make a call; raise what the other side raised, or Unavailable when it is gone or silent."""
        if self.closed:
            raise Unavailable("the control connection is closed")
        call_id = next(self._ids)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = future
        try:
            self._writer.write(line_from_message({"id": call_id, "call": name, "args": args or {}}))
            async with asyncio.timeout(timeout_s):
                await self._writer.drain()
                return await future
        except TimeoutError as error:
            raise Unavailable(f"no answer to {name!r} within {timeout_s:g} s") from error
        except ConnectionError as error:
            raise Unavailable("the control connection broke") from error
        finally:
            self._waiting.pop(call_id, None)

    def abort(self) -> None:
        """Hang up at once, without waiting for anything."""
        self._receiver.cancel()
        self._writer.transport.abort()

    async def close(self) -> None:
        self._receiver.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._receiver
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_TIMEOUT_S)
        self._writer.transport.abort()  # what a peer that does not read was still to get is dropped

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _receive(self) -> None:
        try:
            while line := await self._reader.readline():
                message = message_from_line(line)
                future = self._waiting.get(message.get("id", 0))
                if future is None or future.done():
                    continue  # an answer that came after its deadline
                if "error" in message:
                    future.set_exception(error_from_wire(message["error"]))
                else:
                    future.set_result(message.get("ok") or {})
        except (ConnectionError, ValueError, TypeError, AttributeError, Invalid):
            pass  # gone, or what it says is no message: the connection is of no use any more
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Unavailable("the control connection closed before it answered"))
            self._writer.transport.abort()  # gone is gone: nobody might ask for the close


async def call(
    socket_path: Path, name: str, args: Json | None = None, timeout_s: float = CALL_TIMEOUT_S
) -> Json:
    """One call on a connection of its own."""
    async with await LinkClient.connect(socket_path) as client:
        return await client.call(name, args, timeout_s)


async def events(socket_path: Path) -> AsyncGenerator[tuple[str, Json]]:
    """The events of an engine or worker until it hangs up. The first item is ("subscribed", {})."""
    try:
        reader, writer = await asyncio.wait_for(
            asyncio.open_unix_connection(socket_path, limit=MAX_LINE_BYTES), CONNECT_TIMEOUT_S
        )
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"nothing answers at {socket_path}") from error
    try:
        writer.write(line_from_message({"id": 0, "call": "events"}))
        while line := await reader.readline():
            message = message_from_line(line)
            if "event" in message:
                yield str(message["event"]), message.get("data") or {}
            else:
                yield "subscribed", {}
    except (ConnectionError, ValueError, Invalid):
        return  # gone, or what it says is no message
    finally:
        writer.transport.abort()
