"""What every worker process is: a body that does the work, behind a control socket that always answers."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regie.domain.redact import redact
from regie.domain.workers import Json, Report, WorkerState
from regie.link.server import Handler, LinkServer

log = logging.getLogger(__name__)

CONTROL_SOCKET = "control.sock"
CLOSE_TIMEOUT_S = 3.5  # the engine kills after 5 s

type ReportTo = Callable[[Report], None]


@dataclass(frozen=True)
class Voice:
    """How a body is heard: called with a report, it says how it is; `publish` tells its listeners more."""

    report: ReportTo
    publish: Callable[[str, Json], None]

    def __call__(self, report: Report) -> None:
        self.report(report)


@dataclass(frozen=True)
class WorkerContext:
    """Where a worker lives."""

    id: str
    directory: Path
    run_dir: Path


class WorkerBody(Protocol):
    """The work itself. It reports its state through the `Voice` it was made with."""

    async def start(self, spec: Json) -> None: ...

    async def apply(self, spec: Json) -> None:
        """Make it so; the same spec again changes nothing."""

    async def stats(self) -> Json: ...

    def calls(self) -> Mapping[str, Handler]:
        """Calls of this kind beyond apply, status, stats and events."""

    async def close(self) -> None: ...


async def run_worker(context: WorkerContext, spec: Json, make_body: Callable[[Voice], WorkerBody]) -> None:
    """Run a body until SIGTERM or SIGINT. The control socket answers before the body has started."""
    report = Report(WorkerState.STARTING)

    def on_report(new: Report) -> None:
        nonlocal report
        if new != report:
            report = new
            link.publish("report", new.to_wire())
            log.info("%s%s", new.state, f": {redact(new.reason)}" if new.reason else "")

    def on_event(event: str, data: Json) -> None:
        link.publish(event, data)

    body = make_body(Voice(on_report, on_event))
    started = asyncio.Event()

    async def apply(args: Json) -> Json:
        await started.wait()
        await body.apply(args["spec"])
        return report.to_wire()

    async def status(_: Json) -> Json:
        return {"id": context.id, "pid": os.getpid(), **report.to_wire()}

    async def stats(_: Json) -> Json:
        return await body.stats()

    link = LinkServer(
        context.directory / CONTROL_SOCKET,
        {"apply": apply, "status": status, "stats": stats, **body.calls()},
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await link.start()
    stopped, starting = asyncio.create_task(stop.wait()), asyncio.create_task(body.start(spec))
    try:
        await asyncio.wait({stopped, starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting  # its error, if it has one, ends this worker
            started.set()
            await stopped
    finally:
        stopped.cancel()
        starting.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(body.close(), CLOSE_TIMEOUT_S)
        await link.close()


class RedactingFormatter(logging.Formatter):
    """Whatever is logged, no password leaves the process."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def log_to_stderr(level: str) -> None:
    """Workers log to standard error, which the engine keeps in the worker's directory."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
