"""A receiver in a process of its own, which can be stopped: it says "watching" once packets come.

python -m tests.media.edge.watch RUN_DIR EDGE PATH
"""

import signal
import sys
from pathlib import Path

from tests.media.edge.rig import Receiver
from tests.support.wait import until
from tests.support.worker import Worker


def main(run_dir: str, edge: str, path: str) -> None:
    with Receiver().connect(Worker(edge, "edge", Path(run_dir)), path) as receiver:
        until(lambda: receiver.video.packets)
        print("watching", flush=True)
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
