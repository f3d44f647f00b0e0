"""Ports nobody uses."""

import os
import random
import socket

FIRST, LAST = 10_000, 32_000  # below those the system gives to whoever asks for any
WORKERS = 4


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago, and that no test process beside this one is given."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    while True:
        port = random.randrange(FIRST + worker, LAST, WORKERS)  # noqa: S311
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port


def free_udp_port() -> int:
    return free_port(socket.SOCK_DGRAM)
