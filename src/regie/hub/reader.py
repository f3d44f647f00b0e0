"""Reads a path from the hub in plain Python: for workers that handle encoded units themselves."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

from regie.hub.paths import Stream, socket_file
from regie.hub.wire import KEYFRAME_REQUEST, Caps, Unit, WireParser

RETRY_S = 0.1
READ_BYTES = 256 * 1024


class HubReader:
    """Follows one stream of one path, for ever: waits for a writer, and for the next one when it dies."""

    def __init__(self, run_dir: Path, path: str, stream: Stream) -> None:
        self._file = socket_file(run_dir, path, stream)
        self._writer: asyncio.StreamWriter | None = None
        self.connections = 0

    @property
    def connected(self) -> bool:
        return self._writer is not None

    async def items(self) -> AsyncGenerator[Caps | Unit]:
        """Caps and units as they come. Every connection begins with its caps and a keyframe."""
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._file)
            except OSError:
                await asyncio.sleep(RETRY_S)
                continue
            self.connections += 1
            try:
                parser, started = WireParser(), False
                while data := await reader.read(READ_BYTES):
                    for item in parser.feed(data):
                        if isinstance(item, Unit) and not started:
                            started = item.is_keyframe
                        if started or isinstance(item, Caps):
                            yield item
            except ConnectionError:
                pass  # the writer died: the next one is waited for
            finally:
                self._writer.close()
                self._writer = None

    def request_keyframe(self) -> None:
        """Ask the writer for a keyframe; without a writer, or where it cannot make one, nothing happens."""
        if self._writer is not None:
            with contextlib.suppress(ConnectionError):
                self._writer.write(KEYFRAME_REQUEST)
