"""`regie worker` by hand, as the guide tells it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from regie.hub.paths import Stream
from tests.media.sources.rig import DEADLINE_S, PATH, frames_from, record

SPEC = {"path": PATH, "name": "Try", "kind": "test", "options": {"width": 320, "height": 180}}


@pytest.mark.parametrize("how", ["argument", "file", "input"])
async def test_a_source_by_hand_is_on_the_hub_until_it_is_interrupted(run_dir: Path, how: str) -> None:
    file = run_dir / "spec.json"
    file.write_text(json.dumps(SPEC))
    spec = {"argument": json.dumps(SPEC), "file": f"@{file}", "input": "-"}[how]
    command = [sys.executable, "-m", "regie.main", "worker", "source", spec, "--run-dir", str(run_dir)]
    with file.open() as text:
        process = subprocess.Popen(command, stdin=text, stderr=subprocess.PIPE)
    try:
        frames = frames_from(await record(run_dir, 10, Stream.VIDEO, DEADLINE_S))
        process.terminate()
        _, said = process.communicate(timeout=10)
    finally:
        process.kill()
    assert frames[0].luma.shape == (180, 320)
    assert process.returncode == 0, said
    assert b"live" in said
