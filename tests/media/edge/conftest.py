"""An edge of its own for each test, and a test source that feeds it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.media.edge.rig import Receiver
from tests.support.net import free_udp_port
from tests.support.worker import Worker, running

PATH = "src/cam1"

type NewReceiver = Callable[..., Receiver]


@pytest.fixture
def edge(run_dir: Path) -> Iterator[Worker]:
    with running(Worker("edge-0", "edge", run_dir), {"port": free_udp_port(), "bind": "127.0.0.1"}) as worker:
        yield worker


@pytest.fixture
def source_spec(run_dir: Path) -> dict[str, object]:
    return {
        "path": PATH,
        "name": "Camera 1",
        "kind": "test",
        "options": {"width": 640, "height": 360},
        "media_dir": str(run_dir),
    }


@pytest.fixture
def source(run_dir: Path, source_spec: dict[str, object]) -> Iterator[Worker]:
    with running(Worker("src-cam1", "source", run_dir), source_spec) as worker:
        yield worker


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers, and ends them with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Receiver(**options))
