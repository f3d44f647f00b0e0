"""A whole Regie on this machine: `regie up` on free ports and in directories of its own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from regie.api.show import demo_sources
from regie.domain.edits import inputs_from_sources
from regie.domain.production import Format, new_production
from regie.store.database import Database
from regie.store.productions import seed_production
from regie.store.sources import seed_sources
from tests.support.net import free_port, free_udp_port
from tests.support.processes import is_gone, with_word
from tests.support.wait import until

START_TIMEOUT_S = 45.0
STOP_TIMEOUT_S = 15.0


@dataclass
class Instance:
    """One instance. It may be started again after its engine ended: same ports, same directories."""

    directory: Path
    http_port: int = field(default_factory=free_port)
    webrtc_port: int = field(default_factory=free_udp_port)
    token: str = "test-admin-token"
    extra_environ: Mapping[str, str] = field(default_factory=dict)
    engine: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def data_dir(self) -> Path:
        return self.directory / "data"

    @property
    def run_dir(self) -> Path:
        return self.directory / "run"

    @property
    def output(self) -> str:
        """What `regie up` printed, all starts together."""
        return (self.directory / "up.log").read_text(errors="replace")

    @property
    def engine_pid(self) -> int:
        assert self.engine is not None
        return self.engine.pid

    def environ(self) -> dict[str, str]:
        """For `regie` commands about this instance."""
        foreign = {key: value for key, value in os.environ.items() if not key.startswith("REGIE_")}
        return foreign | {
            "REGIE_HTTP_HOST": "127.0.0.1",
            "REGIE_HTTP_PORT": str(self.http_port),
            "REGIE_WEBRTC_PORT": str(self.webrtc_port),
            "REGIE_DATA_DIR": str(self.data_dir),
            "REGIE_RUN_DIR": str(self.run_dir),
            "REGIE_ADMIN_TOKEN": self.token,
            **self.extra_environ,
        }

    def start(self, *, wait: bool = True) -> None:
        with (self.directory / "up.log").open("ab") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "regie.main", "up"],
                cwd=self.directory,
                env=self.environ(),
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_serving()

    def wait_serving(self, timeout_s: float = START_TIMEOUT_S) -> None:
        engine = self.engine
        assert engine is not None

        def healthy_or_ended() -> bool:
            if engine.poll() is not None:
                return True
            with urllib.request.urlopen(f"{self.base_url}/api/v1/health", timeout=2) as reply:
                return bool(json.load(reply) == {"status": "ok"})

        try:
            until(healthy_or_ended, timeout_s, f"serving at {self.base_url}")
            assert engine.poll() is None, "regie up ended"
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}\n{self.worker_log('server')}") from None

    def request(self, method: str, path: str, body: object = None, token: str | None = None) -> Any:
        """An API call as the admin (or with another token); the answered JSON, or urllib's HTTPError."""
        request = urllib.request.Request(
            f"{self.base_url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=15) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def lighten(self, *, live: bool = True) -> None:
        """Before the first start: make the demo small, or stop it; as it is, it takes both cores."""
        small = {"width": 640, "height": 360}
        demo = [
            replace(source, options={**source.options, **small}, enabled=live)
            for source in demo_sources(time.time())
        ]
        main = replace(new_production("main", "Main", inputs_from_sources(demo)), format=Format(640, 360, 25))
        database = Database.open(self.data_dir)
        try:
            database.run(seed_sources, demo)
            database.run(seed_production, main, time.time())
        finally:
            database.close()

    def run(self, *arguments: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        """A `regie` command for this instance."""
        return subprocess.run(
            [sys.executable, "-m", "regie.main", *arguments],
            check=False,
            cwd=self.directory,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def worker_pid(self, worker_id: str) -> int:
        """The process of a worker that is running; raises when there is none."""
        identity = json.loads((self.run_dir / "workers" / worker_id / "worker.json").read_text())
        pid = int(identity["pid"])
        assert not is_gone(pid), f"{worker_id} is not running"
        return pid

    def worker_log(self, worker_id: str) -> str:
        log = self.run_dir / "workers" / worker_id / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """All workers and helpers of this instance, whoever started them."""
        return with_word(str(self.run_dir))

    def kill_engine(self) -> None:
        """SIGKILL the engine alone; its workers go on."""
        self._end(signal.SIGKILL)

    def hand_over(self) -> None:
        """SIGUSR1: the engine ends and leaves its workers running."""
        self._end(signal.SIGUSR1)

    def stop(self) -> None:
        """SIGTERM: everything ends. Nothing of this instance may be left."""
        self._end(signal.SIGTERM)
        left = [f"{process.pid} {' '.join(process.cmdline())}" for process in self.processes()]
        assert not left, f"still running after the stop:\n{left}\n{self.output}"

    def destroy(self) -> None:
        """Whatever went wrong, leave no process and no file."""
        if self.engine is not None and self.engine.poll() is None:
            self.engine.kill()
            self.engine.wait(STOP_TIMEOUT_S)
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        if self.engine is not None:
            self.engine.send_signal(number)
            self.engine.wait(STOP_TIMEOUT_S)
            self.engine = None


@contextlib.contextmanager
def new_instance(**options: Any) -> Iterator[Instance]:
    """An instance that is not started yet; everything it started is gone afterwards."""
    instance = Instance(Path(tempfile.mkdtemp(prefix="rg", dir="/tmp")), **options)
    try:
        yield instance
    finally:
        instance.destroy()


@contextlib.contextmanager
def light_instance(*, live: bool = True, **options: Any) -> Iterator[Instance]:
    """An instance that serves small pictures, or none; stopped at the end, which must leave no process."""
    with new_instance(**options) as instance:
        instance.lighten(live=live)
        yield from _running(instance)


@contextlib.contextmanager
def running_instance(**options: Any) -> Iterator[Instance]:
    """An instance as it is after its very first start; stopped at the end, as the light one."""
    with new_instance(**options) as instance:
        yield from _running(instance)


def _running(instance: Instance) -> Iterator[Instance]:
    instance.start()
    yield instance
    if instance.engine is None:  # the test ended the engine: take over what it left, to end that too
        instance.start()
    instance.stop()
