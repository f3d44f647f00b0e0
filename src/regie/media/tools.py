"""The tools worker: snapshots of paths, latency and lip-sync, capture devices, titles as pictures."""

import asyncio
import base64
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from regie.domain.errors import Conflict, Invalid
from regie.domain.workers import Json, Report, WorkerState
from regie.hub.gst import Gst
from regie.link.server import Handler
from regie.link.worker import ReportTo, WorkerContext, run_worker
from regie.media.devices import found_devices
from regie.media.snapshot import MAX_WIDTH, Snapshots
from regie.media.timing import measure
from regie.media.titles.studio import Studio

log = logging.getLogger(__name__)

DEVICES_TIMEOUT_S = 4.0
REPLY_TIME_S = 0.5  # what a stuck worker takes to say so before it ends itself


async def run(context: WorkerContext, spec: Json) -> None:
    await run_worker(context, spec, lambda report: ToolsBody(context, report))


class ToolsBody:
    """Answers calls and has nothing to do otherwise."""

    def __init__(self, context: WorkerContext, report: ReportTo) -> None:
        self._report = report
        self._run_dir = context.run_dir
        self._measuring = asyncio.Lock()
        self._snapshots = Snapshots(context.run_dir, self._end_stuck)
        self._snapshots_made = 0
        self._studio = Studio()
        self._looking: asyncio.Task[Json] | None = None

    async def start(self, _: Json) -> None:
        version = ".".join(map(str, Gst.version()[:3]))
        self._report(Report(WorkerState.LIVE, detail=MappingProxyType({"gstreamer": version})))

    async def apply(self, _: Json) -> None:
        """There is nothing to set."""

    async def stats(self) -> Json:
        return {"snapshots": self._snapshots_made}

    def calls(self) -> Mapping[str, Handler]:
        return {
            "snapshot": self._snapshot,
            "devices": self._devices,
            "timing": self._timing,
            "overlay": self._overlay,
            "still": self._still,
        }

    async def close(self) -> None:
        await self._snapshots.close()
        await self._studio.close()

    async def _snapshot(self, args: Json) -> Json:
        width = args.get("width", MAX_WIDTH)
        if not isinstance(width, int):
            raise Invalid("width is a whole number of pixels")
        snapshot = await self._snapshots.snapshot(str(args.get("path", "")), width)
        self._snapshots_made += 1
        return {
            "jpeg": base64.b64encode(snapshot.jpeg).decode(),
            "width": snapshot.width,
            "height": snapshot.height,
            "at_ns": snapshot.at_ns,
        }

    async def _timing(self, args: Json) -> Json:
        if self._measuring.locked():
            raise Conflict("another path is being measured", "try again in a few seconds")
        async with self._measuring:
            return asdict(await measure(self._run_dir, str(args.get("path", "")), self._end_stuck))

    async def _overlay(self, args: Json) -> Json:
        width, height = args["canvas"]
        png = await self._studio.show(
            str(args["template"]), args["values"], (int(width), int(height)), Path(args["stills"])
        )
        return {"png": base64.b64encode(png).decode()}

    async def _still(self, args: Json) -> Json:
        width, height = await self._studio.make_harmless(Path(args["from"]), Path(args["to"]))
        return {"width": width, "height": height}

    async def _devices(self, _: Json) -> Json:
        """Drivers may hang: the search runs in a thread, one at a time, and a hung one ends this worker."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(found_devices))
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), DEVICES_TIMEOUT_S)
        except TimeoutError:
            self._end_stuck()
            return {
                "devices": [],
                "note": "a capture device does not answer: unplug it, plug it in and try again",
            }

    def _end_stuck(self) -> None:
        log.error(
            "a native call hangs and cannot be stopped: ending, so that the engine starts this worker anew"
        )
        asyncio.get_running_loop().call_later(REPLY_TIME_S, os._exit, 1)
