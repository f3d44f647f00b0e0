"""The events WebSocket: a snapshot of everything, then every change as it happens."""

import asyncio
import contextlib
import time
from typing import Annotated

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from regie.api.access import VIEWER
from regie.api.commands import hear
from regie.api.events import Listener, numbered
from regie.api.routes import API
from regie.api.services import Services, ServicesDep
from regie.domain.access import Identity

router = APIRouter(prefix=API, tags=["events"])

ENDED = 4401  # log in again
TRY_AGAIN = 1013


@router.websocket("/events")
async def events(socket: WebSocket, identity: Annotated[Identity, VIEWER], services: ServicesDep) -> None:
    """One page. It ends with its session, or when the page does not keep up."""
    if "origin" in socket.headers:
        services.access.check_origin(socket)
    await socket.accept()
    async with services.hub.listening(identity) as listener:
        tasks = [
            asyncio.create_task(_send(socket, listener)),
            asyncio.create_task(_receive(socket, listener, services)),
            asyncio.create_task(_end(identity, listener)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if tasks[2] in done:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            still_valid = identity.expires_at is None or time.time() < identity.expires_at
            await asyncio.wait_for(socket.close(TRY_AGAIN if still_valid else ENDED), 2.0)


async def _send(socket: WebSocket, listener: Listener) -> None:
    seq = 0
    while True:
        seq += 1
        await socket.send_text(numbered(seq, await listener.queue.get()))


async def _receive(socket: WebSocket, listener: Listener, services: Services) -> None:
    """What a page says, one thing after the other, until it goes."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        await hear(message.get("text") or "", listener, services.hub, services.productions)


async def _end(identity: Identity, listener: Listener) -> None:
    """Until the session ends, by its age or by somebody's hand."""
    left_s = None if identity.expires_at is None else max(0.0, identity.expires_at - time.time())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(listener.ended.wait(), left_s)
