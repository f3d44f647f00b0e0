"""The source worker: whatever comes in leaves on the hub as H.264 and Opus, and comes back by itself."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from regie.domain.errors import RegieError, Unavailable
from regie.domain.workers import Json, Report, WorkerState
from regie.link.server import Handler
from regie.link.worker import ReportTo, WorkerContext, run_worker
from regie.media.encoders import share_verdicts
from regie.media.faults import Fault
from regie.media.ingest import Ingest, Order
from regie.protocols.source import checked_options, source_kind

log = logging.getLogger(__name__)

FIRST_RETRY_S, LAST_RETRY_S = 0.5, 10.0
LASTING_RETRY_S = 30.0
EXIT_HANGING = 75  # the engine starts a worker that ended so as it does any other

# Where the font of the time strip is; it is read when the first text is drawn.
os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).parent / "assets" / "fonts.conf"))


async def run(context: WorkerContext, spec: Json) -> None:
    share_verdicts(context.run_dir)
    await run_worker(context, spec, lambda report: SourceBody(context, report))


@dataclass
class Backoff:
    """How long to wait before the next attempt."""

    next_s: float = FIRST_RETRY_S

    def after(self, fault: Fault, *, was_live: bool) -> float:
        if was_live:
            self.next_s = FIRST_RETRY_S
        if fault.lasting:
            return LASTING_RETRY_S
        wait_s, self.next_s = self.next_s, min(self.next_s * 2, LAST_RETRY_S)
        return wait_s


class SourceBody:
    """One source, tried again until it is told to stop."""

    def __init__(self, context: WorkerContext, report: ReportTo) -> None:
        self._context = context
        self._report_to = report
        self._spec: Json = {}
        self._supervisor: asyncio.Task[None] | None = None
        self._ingest: Ingest | None = None
        self._transcode_because = ""

    async def start(self, spec: Json) -> None:
        self._spec = spec
        self._transcode_because = ""
        self._supervisor = asyncio.create_task(self._supervise())

    async def apply(self, spec: Json) -> None:
        if spec != self._spec:
            await self.close()
            await self.start(spec)

    async def stats(self) -> Json:
        figures = self._ingest.stats() if self._ingest else {"video": None, "audio": None}
        return {"paths": {str(self._spec.get("path", "")): figures}}

    def calls(self) -> Mapping[str, Handler]:
        return {"graph": self._graph}

    async def close(self) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None

    async def _graph(self, _: Json) -> Json:
        return {"dot": self._ingest.graph() if self._ingest else ""}

    async def _supervise(self) -> None:
        backoff = Backoff()
        self._tell(WorkerState.STARTING, "")
        while True:
            fault, was_live = await self._attempt()
            if fault.transcode:
                self._transcode_because = fault.reason
                continue
            state = WorkerState.FAILED if fault.lasting else WorkerState.RETRYING
            self._tell(state, fault.reason)
            await asyncio.sleep(backoff.after(fault, was_live=was_live))

    async def _attempt(self) -> tuple[Fault, bool]:
        """One attempt, and whether the source was on air meanwhile."""
        ingest: Ingest | None = None
        try:
            ingest = self._ingest = Ingest(self._order(), self._tell)
            return await ingest.run(), ingest.was_live
        except RegieError as error:
            return Fault(error.message, lasting=not isinstance(error, Unavailable)), False
        except Exception:  # whatever it was, the next attempt may do better, and no attempt never will
            log.exception("an attempt at this source failed")
            return Fault("internal error; see the log of this worker", lasting=True), False
        finally:
            self._ingest = None
            if ingest is not None:
                await asyncio.shield(_closed(ingest))

    def _order(self) -> Order:
        spec = self._spec
        kind, media_dir = source_kind(str(spec["kind"])), Path(spec.get("media_dir") or ".")
        return Order(
            run_dir=self._context.run_dir,
            path=str(spec["path"]),
            name=str(spec.get("name") or spec["path"]),
            media_dir=media_dir,
            kind=kind,
            options=checked_options(kind.kind, spec.get("options") or {}, media_dir),
            transcode_because=self._transcode_because,
        )

    def _tell(self, state: WorkerState, reason: str) -> None:
        detail = self._ingest.detail if self._ingest else {}
        self._report_to(Report(state, reason, MappingProxyType(detail)))


async def _closed(ingest: Ingest) -> None:
    """Close, or end the process: a pipeline that hangs would keep its ports and memory for ever."""
    try:
        await ingest.close()
    except Unavailable as error:
        log.critical("%s: ending this worker, the engine starts a new one", error.message)
        os._exit(EXIT_HANGING)
