"""Hanging up takes native threads a moment; nobody waits for it, and nobody waits for ever."""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor

from regie.edge.peer import Peer

log = logging.getLogger(__name__)

THREADS = 4
CLOSE_TIMEOUT_S = 3.0


class Closing:
    """Closes peers in a few threads of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="hang-up")
        self._tasks: set[asyncio.Task[None]] = set()

    def close_soon(self, peer: Peer) -> None:
        task = asyncio.create_task(self._close(peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self, peer: Peer) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.wait_for(loop.run_in_executor(self._pool, peer.close), CLOSE_TIMEOUT_S)
        except TimeoutError:
            log.warning("a connection did not close within %g s; it is left to the library", CLOSE_TIMEOUT_S)

    async def drain(self) -> None:
        """Wait until all that was to be closed is."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._tasks), CLOSE_TIMEOUT_S)

    async def finish(self) -> None:
        await self.drain()
        self._pool.shutdown(wait=False, cancel_futures=True)
