"""A small real worker, run as `python -m tests.support.tiny worker KIND --id ID --run-dir DIR`.

Its spec says how it behaves: `refuse` changes, `crash` at start, be `deaf` to SIGTERM, stay `mute` for ever.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from regie.domain.errors import Invalid, Unavailable
from regie.domain.workers import Json, Report, WorkerSpec, WorkerState
from regie.engine.directory import WorkerDirectory
from regie.link.server import Handler
from regie.link.worker import ReportTo, WorkerContext, log_to_stderr, run_worker
from regie.main import run_kind

TABLE = {"tiny": "tests.support.tiny:run", "other": "tests.support.tiny:run"}


def command(run_dir: Path, spec: WorkerSpec) -> list[str]:
    worker = ["worker", spec.kind, "--id", spec.id, "--run-dir", str(run_dir)]
    return [sys.executable, "-m", "tests.support.tiny", *worker]


async def run(context: WorkerContext, spec: Json) -> None:
    if spec.get("mute"):
        await asyncio.Event().wait()
    await run_worker(context, spec, TinyBody)


class TinyBody:
    def __init__(self, report: ReportTo) -> None:
        self._report = report
        self._spec: Json = {}
        self._applied = 0

    async def start(self, spec: Json) -> None:
        if spec.get("crash"):
            raise Unavailable(str(spec["crash"]))
        if spec.get("deaf"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
        self._spec = spec
        self._report(Report(WorkerState.LIVE))

    async def apply(self, spec: Json) -> None:
        if spec.get("refuse"):
            raise Invalid("only a new process can do that")
        self._applied += spec != self._spec
        self._spec = spec

    async def stats(self) -> Json:
        return {"value": self._spec.get("value"), "applied": self._applied}

    def calls(self) -> Mapping[str, Handler]:
        return {"say": self._say, "print": self._print}

    async def close(self) -> None: ...

    async def _say(self, args: Json) -> Json:
        """Report what the test wants to see reported."""
        detail = MappingProxyType({"note": args.get("note")})
        self._report(Report(WorkerState(args["state"]), str(args["reason"]), detail))
        return {}

    async def _print(self, args: Json) -> Json:
        for line in range(int(args["lines"])):
            print(f"{line} {'x' * int(args.get('width', 20))}", flush=False)
        sys.stdout.flush()
        return {}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["worker"])
    parser.add_argument("kind")
    parser.add_argument("--id", required=True)
    parser.add_argument("--run-dir", type=Path, required=True)
    options = parser.parse_args()
    log_to_stderr("info")
    directory = WorkerDirectory(options.run_dir, options.id)
    context = WorkerContext(options.id, directory.path, options.run_dir)
    return run_kind(options.kind, context, directory.read_spec() or {}, TABLE)


if __name__ == "__main__":
    sys.exit(main())
