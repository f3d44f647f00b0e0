"""What one viewer or one slow path costs: no more than its share, and not for long."""

import asyncio
import struct
import time
from pathlib import Path

import psutil
import pytest

from regie.edge.feed import BURST_MAX_AGE_NS, Feed
from regie.hub.clock import now_ns
from regie.hub.paths import Stream, socket_file
from tests.media.edge.conftest import PATH, NewReceiver
from tests.media.edge.rig import stats_of
from tests.support.gdp import buffer_packet, caps_packet
from tests.support.wait import eventually, until
from tests.support.worker import Worker

UNIT = b"\0\0\0\1\x65" + bytes(range(1, 100))


@pytest.mark.usefixtures("source")
def test_asking_for_what_was_never_sent_costs_the_edge_little(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(viewer.video.has(200))
    process = psutil.Process(edge.pid)
    before = sum(process.cpu_times()[:2])
    ssrc, never = viewer.video.packets[0].ssrc, viewer.video.packets[0].sequence - 1000
    pairs = b"".join(struct.pack("!HH", (never - 17 * at) & 0xFFFF, 0xFFFF) for at in range(31))

    def flooded() -> bool:
        for number in range(100):  # each asks for 512 packets, and differs from the one before
            tail = struct.pack("!HH", never & 0xFFFF, number)
            viewer.send_rtcp(struct.pack("!BBHII", 0x81, 205, 34, 1, ssrc) + pairs + tail)
        return bool(stats_of(edge, viewer.session)["nacks"] > 1500)

    until(flooded, 60)
    assert sum(process.cpu_times()[:2]) - before < 3.0


def test_viewers_see_a_path_again_whose_delay_has_grown(run_dir: Path) -> None:
    async def watch() -> None:
        asked: list[float] = []
        tasks: list[asyncio.Task[None]] = []
        delay_ns = 0

        async def write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.append(asyncio.create_task(listen(reader)))
            writer.write(caps_packet("video/x-h264"))
            while True:
                writer.write(buffer_packet(UNIT, now_ns() - delay_ns))
                await asyncio.sleep(0.02)  # the pace of the path itself

        async def listen(reader: asyncio.StreamReader) -> None:
            while await reader.read(1):
                asked.append(time.monotonic())

        file = socket_file(run_dir, PATH, Stream.VIDEO)
        file.parent.mkdir(parents=True)
        server = await asyncio.start_unix_server(write, file)
        feed = Feed(run_dir, PATH)
        feed.start()

        def sent() -> int:
            measured = feed.age_ms.to_json()
            return int(measured["samples"]) if measured else 0

        try:
            await eventually(lambda: sent() > 20)
            delay_ns = BURST_MAX_AGE_NS // 2
            await eventually(lambda: asked, what="a keyframe is asked for")
            feed.age_ms.clear()
            await eventually(lambda: sent() > 20, 10, "units go out again")
        finally:
            await feed.close()
            server.close()

    asyncio.run(watch())
