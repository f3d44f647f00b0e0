"""A worker process as the engine would start it, and its control link."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regie.domain.workers import Json
from regie.link.client import call
from tests.support.wait import until


@dataclass
class Worker:
    """One worker: started, asked, stopped or killed."""

    id: str
    kind: str
    run_dir: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def directory(self) -> Path:
        return self.run_dir / "workers" / self.id

    @property
    def control(self) -> Path:
        return self.directory / "control.sock"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log_file(self) -> Path:
        return self.directory / "log"

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def start(self, spec: Json, *, live: bool = True) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "spec.json").write_text(json.dumps(spec))
        command = [sys.executable, "-m", "regie.main", "worker", self.kind]
        command += ["--id", self.id, "--run-dir", str(self.run_dir)]
        with self.log_file.open("ab") as log:
            environ = {**os.environ, "REGIE_LOG_LEVEL": "info"}
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        if live:
            try:
                until(lambda: self.call("status")["state"] == "live", 15, f"{self.id} live")
            except AssertionError as error:
                error.add_note(self.log)
                raise

    def call(self, name: str, args: Json | None = None, timeout_s: float = 5.0) -> Any:
        with ThreadPoolExecutor(1) as own:  # this thread may run a loop already: Playwright's does
            return own.submit(lambda: asyncio.run(call(self.control, name, args, timeout_s))).result()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.wait()

    def wait(self, timeout_s: float = 10.0) -> int:
        """The exit code."""
        return self.process.wait(timeout_s)


@contextlib.contextmanager
def running[W: Worker](worker: W, spec: Json) -> Iterator[W]:
    """The worker, once it is live; killed at the end."""
    try:
        worker.start(spec)
        yield worker
    finally:
        worker.kill()
