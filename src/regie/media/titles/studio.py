"""The calling side of the painter: starts it, gives it jobs, ends it when it hangs."""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from regie.domain.errors import Unavailable, error_from_wire
from regie.domain.overlays import Box
from regie.domain.workers import Json

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "regie.media.titles.painter")
DEADLINE_S = 3.0
START_S = 6.0  # more for the first job
MAX_HEADER = 64 * 1024


@dataclass(frozen=True)
class Titled:
    """An overlay as pixels: RGBA, and where on the canvas. What runs begins with an empty canvas."""

    box: Box
    rgba: bytes
    runs: bool


class Studio:
    """One painter, started when it is needed; jobs are done one after the other."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._painter: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def paint(
        self, template: str, values: Mapping[str, str], canvas: tuple[int, int], stills: Path
    ) -> Titled:
        said, rgba = await self._do(_look("paint", template, values, canvas, stills))
        return Titled(Box(*said["box"]), rgba, bool(said["runs"]))

    async def show(
        self, template: str, values: Mapping[str, str], canvas: tuple[int, int], stills: Path
    ) -> bytes:
        """How it looks on the canvas, as PNG."""
        return (await self._do(_look("show", template, values, canvas, stills)))[1]

    async def make_harmless(self, uploaded: Path, png: Path) -> tuple[int, int]:
        """Turn an uploaded picture into a PNG of a size."""
        said, _ = await self._do({"do": "still", "from": str(uploaded), "to": str(png)})
        return int(said["width"]), int(said["height"])

    async def close(self) -> None:
        painter, self._painter = self._painter, None
        if painter is not None and painter.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                painter.kill()
            await painter.wait()

    async def _do(self, job: Json) -> tuple[Json, bytes]:
        async with self._one_at_a_time:
            if self._painter is not None and self._painter.returncode is not None:
                await self.close()  # it ended while it had nothing to do
            is_new = self._painter is None
            try:
                async with asyncio.timeout(self._deadline_s + (START_S if is_new else 0)):
                    said, data = await self._ask(job)
            except TimeoutError:
                await self.close()
                raise Unavailable(
                    f"the picture was not drawn within {self._deadline_s:g} s", "make it simpler"
                ) from None
            except (OSError, ValueError, asyncio.IncompleteReadError) as error:
                log.warning("the painter ended: %r", error)
                await self.close()
                raise Unavailable("the picture broke the process that draws", "make it simpler") from None
            except asyncio.CancelledError:
                await self.close()
                raise
        if "error" in said:
            raise error_from_wire(said["error"])
        return said, data

    async def _ask(self, job: Json) -> tuple[Json, bytes]:
        if self._painter is None:
            self._painter = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=MAX_HEADER
            )
        writer, reader = self._painter.stdin, self._painter.stdout
        if writer is None or reader is None:
            raise OSError("the painter has no pipes")
        writer.write(json.dumps(job).encode() + b"\n")
        await writer.drain()
        line = await reader.readuntil(b"\n")
        said: Json = json.loads(line)
        return said, await reader.readexactly(int(said["bytes"]))


def _look(do: str, template: str, values: Mapping[str, str], canvas: tuple[int, int], stills: Path) -> Json:
    return {
        "do": do, "template": template, "values": dict(values), "canvas": list(canvas), "stills": str(stills),
    }  # fmt: skip
