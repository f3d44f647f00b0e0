"""The events WebSocket: a snapshot of everything, then every change as it happens."""

import asyncio
import contextlib
import time
from typing import Annotated

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from regie.api.access import VIEWER, Access
from regie.api.commands import hear
from regie.api.events import Listener
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
        end = asyncio.create_task(_end(identity, listener, services.access))
        tasks = [
            asyncio.create_task(_send(socket, listener)),
            asyncio.create_task(_receive(socket, listener, services)),
            end,
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if end in done:
        code = TRY_AGAIN if end.exception() else end.result()  # the store may be away: ask again
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            await asyncio.wait_for(socket.close(code), 2.0)


async def _send(socket: WebSocket, listener: Listener) -> None:
    while True:
        await socket.send_text(await listener.queue.get())


async def _receive(socket: WebSocket, listener: Listener, services: Services) -> None:
    """What a page says, one thing after the other, until it goes."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        await hear(message.get("text") or "", listener, services.hub, services.productions)


async def _end(identity: Identity, listener: Listener, access: Access) -> int:
    """Until the session ends, by somebody's hand or by its age, which moves on while the session is used.

    Returns what to tell the page.
    """
    expires_at = identity.expires_at
    while expires_at is None or time.time() < expires_at:
        left_s = None if expires_at is None else expires_at - time.time()
        try:
            await asyncio.wait_for(listener.ended.wait(), left_s)
            return TRY_AGAIN
        except TimeoutError:
            expires_at = await access.expiry(identity)
    return ENDED
