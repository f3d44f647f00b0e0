"""A snapshot shows what the path shows, or says plainly why there is none."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from regie.domain.errors import Invalid, Unavailable
from regie.hub.clock import now_ns
from regie.hub.paths import Stream, socket_file
from regie.media.snapshot import Snapshots
from tests.media.tools.conftest import Publish
from tests.support.gdp import buffer_packet, caps_packet
from tests.support.wait import eventually


@pytest.fixture
async def snapshots(run_dir: Path) -> AsyncIterator[Snapshots]:
    def stuck() -> None:
        pytest.fail("a decoder hangs")

    made = Snapshots(run_dir, stuck)
    yield made
    await made.close()


def colour(jpeg: bytes) -> tuple[int, int, tuple[float, float, float]]:
    """Width, height and mean colour, read by an independent decoder."""
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        frame = next(container.decode(video=0))
    red, green, blue = frame.to_ndarray(format="rgb24").reshape(-1, 3).mean(axis=0)
    return frame.width, frame.height, (red, green, blue)


async def test_a_snapshot_of_a_red_path_is_red_and_of_now(publish: Publish, snapshots: Snapshots) -> None:
    await publish("red")
    snapshot = await snapshots.snapshot("src/cam1")
    width, height, (red, green, blue) = colour(snapshot.jpeg)
    assert (width, height) == (snapshot.width, snapshot.height) == (1280, 720)
    assert red > 200
    assert green < 60
    assert blue < 60
    assert abs(now_ns() - snapshot.at_ns) < 3e9


async def test_a_width_scales_and_keeps_the_shape(publish: Publish, snapshots: Snapshots) -> None:
    await publish("blue")
    assert colour((await snapshots.snapshot("src/cam1", 321)).jpeg)[:2] == (320, 180)


async def test_pixels_that_are_not_square_become_square(publish: Publish, snapshots: Snapshots) -> None:
    await publish("blue", shape="3/4")  # 1280x720 shown as 960x720
    snapshot = await snapshots.snapshot("src/cam1", 480)
    assert (snapshot.width, snapshot.height) == (480, 360)


async def test_many_who_ask_at_once_get_one_and_the_same_picture(
    publish: Publish, snapshots: Snapshots
) -> None:
    await publish("red")
    made = await asyncio.gather(*(snapshots.snapshot("src/cam1", 160) for _ in range(20)))
    assert len({id(snapshot) for snapshot in made}) == 1


async def test_a_picture_older_than_a_second_is_made_anew(publish: Publish, snapshots: Snapshots) -> None:
    await publish("red")
    first = await snapshots.snapshot("src/cam1", 160)

    async def renewed() -> bool:
        return (await snapshots.snapshot("src/cam1", 160)).at_ns > first.at_ns

    await eventually(renewed, 10, "a newer picture")


async def test_a_path_nobody_feeds_says_so(snapshots: Snapshots) -> None:
    with pytest.raises(Unavailable, match="there is no picture from src/cam1"):
        await snapshots.snapshot("src/cam1")


async def test_a_failure_is_not_remembered(publish: Publish, snapshots: Snapshots) -> None:
    with pytest.raises(Unavailable):
        await snapshots.snapshot("src/cam1", 160)
    await publish("red")
    assert (await snapshots.snapshot("src/cam1", 160)).width == 160


async def test_a_frozen_picture_is_not_passed_off_as_the_present_one(
    publish: Publish, snapshots: Snapshots
) -> None:
    await publish("red", age_s=60)
    with pytest.raises(Unavailable, match=r"has stood still for (59|60|61) s"):
        await snapshots.snapshot("src/cam1")


async def test_a_stream_that_is_no_video_is_told_from_a_missing_one(
    run_dir: Path, snapshots: Snapshots
) -> None:
    caps = (
        "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au, width=(int)64, height=(int)36"
    )
    socket = socket_file(run_dir, "src/cam1", Stream.VIDEO)
    socket.parent.mkdir(parents=True)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(caps_packet(caps) + buffer_packet(b"\x17" * 5000, now_ns()))

    async with await asyncio.start_unix_server(serve, socket):
        with pytest.raises(Unavailable, match="the picture of src/cam1 cannot be decoded"):
            await snapshots.snapshot("src/cam1")


@pytest.mark.parametrize(
    ("path", "width"), [("src/cam1", 63), ("src/cam1", 1921), ("../cam1", 640), ("", 640)]
)
async def test_what_cannot_be_meant_is_refused(snapshots: Snapshots, path: str, width: int) -> None:
    with pytest.raises(Invalid):
        await snapshots.snapshot(path, width)
