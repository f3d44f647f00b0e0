"""Figures of the whole system: how soon it serves again, how much memory the server takes."""

import os
import signal
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

import psutil

from bench.harness import Figure, at_most
from tests.support.instance import Instance, new_instance, running_instance
from tests.support.wait import until

ROOT = Path(__file__).parent.parent
STARTS = 5
MB = 1_000_000


def second_start() -> Figure:
    """`make run` when everything is installed and the store exists, until the API answers."""
    with new_instance() as instance:
        _make_run(instance)
        times_s = [_make_run(instance) for _ in range(STARTS)]
    how = f"`make run` to the first answer of /health, median of {STARTS} starts with the demo's four sources"
    return at_most(statistics.median(times_s), 3.0, "s", how)


def server_rss() -> Figure:
    """The server's resident memory once it has been used."""
    with running_instance() as instance:
        live = instance.request
        until(lambda: all(path["state"] == "live" for path in live("GET", "/paths")), 30, "four live sources")
        for _ in range(50):
            for path in ("/sources", "/paths", "/system", "/workers", "/source-kinds"):
                instance.request("GET", path)
        rss = psutil.Process(instance.worker_pid("server")).memory_info().rss
    return at_most(rss / MB, 150, "MB", "resident memory with four live sources, after 250 API calls")


def _make_run(instance: Instance) -> float:
    """Seconds until it served; it is stopped again."""
    began = time.monotonic()
    output = instance.directory / "make.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            ["make", "--no-print-directory", "run"],
            cwd=ROOT,
            env=instance.environ(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(lambda: _serves(instance), 600, f"make run serves (its output: {output})")
        return time.monotonic() - began
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def _serves(instance: Instance) -> bool:
    with urllib.request.urlopen(f"{instance.base_url}/api/v1/health", timeout=2) as reply:
        return bool(reply.status == 200)
