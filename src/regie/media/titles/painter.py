"""The painter: a process that draws, so that a picture that hangs or breaks it costs nothing on air.

`python -m regie.media.titles.painter` reads a job a line; its answer is a line, and the bytes that it names.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from regie.domain.errors import Invalid, RegieError, wire_from_error
from regie.domain.workers import Json
from regie.media.titles.drawing import Painted, on_canvas, painted
from regie.media.titles.stills import made_harmless

MEMORY = 1536 * 1024 * 1024  # of addresses; what the fonts are mapped to counts
LARGEST_FILE = 128 * 1024 * 1024
POLITE = 5
PR_SET_PDEATHSIG = 1


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # who hangs does not notice that nobody waits
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(POLITE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        answer, data = _answer(json.loads(line))
        answers.write(json.dumps({**answer, "bytes": len(data)}).encode() + b"\n" + data)
        answers.flush()


def _answer(job: Json) -> tuple[Json, bytes]:
    try:
        return _JOBS[job["do"]](job)
    except RegieError as error:
        return {"error": wire_from_error(error)}, b""
    except MemoryError:
        too_much = Invalid("the picture takes too much memory to be drawn", "make it smaller or simpler")
        return {"error": wire_from_error(too_much)}, b""


def _paint(job: Json) -> tuple[Json, bytes]:
    picture = _painted(job)
    box = picture.box
    return {"box": [box.x, box.y, box.width, box.height], "runs": picture.runs}, picture.rgba


def _show(job: Json) -> tuple[Json, bytes]:
    return {}, on_canvas(_painted(job), _canvas(job))


def _still(job: Json) -> tuple[Json, bytes]:
    width, height = made_harmless(Path(job["from"]), Path(job["to"]))
    return {"width": width, "height": height}, b""


def _painted(job: Json) -> Painted:
    return painted(job["template"], job["values"], _canvas(job), Path(job["stills"]))


def _canvas(job: Json) -> tuple[int, int]:
    width, height = job["canvas"]
    return int(width), int(height)


_JOBS: Mapping[str, Callable[[Json], tuple[Json, bytes]]] = {"paint": _paint, "show": _show, "still": _still}

if __name__ == "__main__":
    main()
