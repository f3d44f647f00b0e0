"""The meter of latency and lip-sync, on a real source and on a programme whose sound was moved."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from regie.domain.errors import Conflict, Unavailable
from regie.domain.production import Format, Input, new_production
from regie.domain.workers import Json
from tests.support.wait import until
from tests.support.worker import Worker, running

LATE_MS = 160


class Rig:
    """A test source, a mixer that shows it, and the tools."""

    def __init__(self, mixer: Worker, tools: Worker) -> None:
        self.mixer, self.tools = mixer, tools

    def timing(self, path: str) -> Json:
        measured: Json = self.tools.call("timing", {"path": path}, timeout_s=30)
        return measured


@pytest.fixture
def rig(run_dir: Path) -> Iterator[Rig]:
    source, mixer, tools = (
        Worker(name, kind, run_dir)
        for name, kind in (("src-cam1", "source"), ("mix-main", "mixer"), ("tools", "tools"))
    )
    show = new_production("main", "Main", [Input("cam1", "Stage")]).to_wire()
    show["format"] |= {"width": 640, "height": 360, "fps": Format().fps}
    with ExitStack() as stack:
        spec = {"path": "src/cam1", "kind": "test", "name": "Stage", "options": {}}
        stack.enter_context(running(source, spec))
        stack.enter_context(running(mixer, {"production": show}))
        stack.enter_context(running(tools, {}))
        until(lambda: mixer.call("desk")["desk"]["inputs"]["cam1"]["picture"] == "live", 15)
        yield Rig(mixer, tools)


def test_latency_and_lip_sync_of_a_source_and_of_the_programme_are_told(rig: Rig) -> None:
    source, programme = rig.timing("src/cam1"), rig.timing("pgm/main")
    assert 0 < source["latency_ms"] < programme["latency_ms"] < 400
    assert source["beeps"] >= 2
    assert abs(source["lip_sync_ms"]) < 20
    assert abs(programme["lip_sync_ms"]) < 20
    rig.mixer.call("strip", {"source": "cam1", "strip": {"delay_ms": LATE_MS}})
    assert rig.timing("pgm/main")["lip_sync_ms"] == pytest.approx(LATE_MS, abs=20)
    rig.mixer.call("cut", {"scene": "black"})
    with pytest.raises(Conflict, match="no test picture"):
        rig.timing("pgm/main")
    with pytest.raises(Unavailable, match="no picture from src/nobody"):
        rig.timing("src/nobody")
