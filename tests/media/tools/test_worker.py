"""The tools worker as the engine starts it: its calls over its control socket."""

import asyncio
import base64
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from regie.domain.errors import Invalid, Unavailable
from regie.domain.workers import Json
from regie.link.client import LinkClient
from tests.media.tools.conftest import Publish
from tests.support.wait import eventually
from tests.support.worker import Worker


@pytest.fixture
async def tools(run_dir: Path) -> AsyncIterator[LinkClient]:
    """A tools worker in a process of its own."""
    worker = Worker("tools", "tools", run_dir)
    worker.start({}, live=False)
    try:
        connect = partial(LinkClient.connect, worker.control)
        async with await eventually(connect, 20, "the worker answers") as client:
            yield client
        assert await asyncio.to_thread(worker.stop) == 0
    finally:
        worker.kill()


async def test_it_hands_out_a_jpeg(tools: LinkClient, publish: Publish) -> None:
    await publish("red")
    answer = await tools.call("snapshot", {"path": "src/cam1", "width": 320})
    assert (answer["width"], answer["height"]) == (320, 180)
    assert base64.b64decode(answer["jpeg"]).startswith(b"\xff\xd8\xff")


async def test_a_path_without_a_picture_delays_nobody(tools: LinkClient) -> None:
    slow = asyncio.create_task(tools.call("snapshot", {"path": "src/cam1"}))
    answer: Json = await tools.call("status", timeout_s=1.0)
    assert answer["state"] == "live"
    assert answer["detail"]["gstreamer"].startswith("1.")
    with pytest.raises(Unavailable, match="no picture from src/cam1"):
        await slow


async def test_devices_are_listed_or_their_absence_explained(tools: LinkClient) -> None:
    answer = await tools.call("devices")
    assert bool(answer["devices"]) != bool(answer["note"])


async def test_a_width_that_is_no_number_is_refused(tools: LinkClient) -> None:
    with pytest.raises(Invalid, match="whole number"):
        await tools.call("snapshot", {"path": "src/cam1", "width": "wide"})
