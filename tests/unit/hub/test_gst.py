"""Pipelines whose native code hangs: the event loop goes on, and is told in time."""

import asyncio
import threading

import pytest

from regie.domain.errors import Unavailable
from regie.hub.gst import Gst, Pipeline


class Stuck:
    """A probe in which a streaming thread, and so whoever wants to stop it, hangs."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        pad = pipeline["source"].get_static_pad("src")
        pad.add_probe(Gst.PadProbeType.BUFFER, self._on_buffer)

    def _on_buffer(self, _pad: object, _info: object) -> object:
        self.reached.set()
        self.let_go.wait(30)
        return Gst.PadProbeReturn.REMOVE


async def test_a_pipeline_that_cannot_stop_is_told_while_the_loop_goes_on() -> None:
    pipeline = Pipeline("fakesrc name=source ! fakesink async=false", lambda _: None)
    stuck = Stuck(pipeline)
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    try:
        await pipeline.play()
        await asyncio.to_thread(stuck.reached.wait, 10)
        turns = 0
        with pytest.raises(Unavailable, match="hangs"):
            await pipeline.close(0.3)
        assert turns > 50
    finally:
        stuck.let_go.set()
        turning.cancel()


async def test_a_pipeline_that_cannot_start_is_told() -> None:
    pipeline = Pipeline("fakesrc name=source ! fakesink async=false", lambda _: None)
    stuck = Stuck(pipeline)
    try:
        await pipeline.play()
        await asyncio.to_thread(stuck.reached.wait, 10)
        stopping = threading.Thread(target=pipeline.gst.set_state, args=(Gst.State.NULL,), daemon=True)
        stopping.start()  # it waits for the source, and whoever wants another state waits for it
        with pytest.raises(Unavailable, match="to start"):
            await pipeline.play(0.3)
    finally:
        stuck.let_go.set()
        await pipeline.close()


async def test_what_is_drained_goes_with_the_part_it_comes_from() -> None:
    pipeline = Pipeline("", lambda _: None)
    for _ in range(3):
        part = pipeline.add_part("fakesrc name=media", "input")
        pipeline.drain(part.get_by_name("media").get_static_pad("src"))
        assert len(pipeline.elements()) == 3
        await pipeline.remove(part)
    assert pipeline.elements() == []
    await pipeline.close()
