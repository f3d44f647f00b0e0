"""A real engine that runs tiny workers: `python -m tests.support.tiny_engine RUN_DIR DATA_DIR BUILD`."""

import asyncio
import os
import sys
from pathlib import Path

from regie.domain.errors import RegieError
from regie.domain.workers import WorkerSpec
from regie.engine.lock import only_engine
from regie.engine.supervisor import EngineOptions, Supervisor
from regie.link.worker import log_to_stderr
from regie.up import run_engine
from tests.support.tiny import TABLE, command

RESIDENT = WorkerSpec("resident", "tiny", {"value": "always"})


async def nothing_to_tell(_: Supervisor) -> None: ...


def options(run_dir: Path, data_dir: Path, build: str = "build-1") -> EngineOptions:
    return EngineOptions(
        run_dir=run_dir,
        data_dir=data_dir,
        build=build,
        kinds=frozenset(TABLE),
        residents=(RESIDENT,),
        command=lambda spec: command(run_dir, spec),
        environ=lambda _: dict(os.environ),
    )


def main() -> int:
    run_dir, data_dir, build = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    log_to_stderr("info")
    try:
        with only_engine(run_dir, data_dir):
            return asyncio.run(run_engine(options(run_dir, data_dir, build), nothing_to_tell))
    except RegieError as error:
        print(error.message, error.hint, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
