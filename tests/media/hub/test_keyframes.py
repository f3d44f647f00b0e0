"""A reader begins where a decoder can: with the parameters of the stream, not with any intra picture."""

import asyncio
from pathlib import Path

from regie.domain.h264 import first_sps, nals
from regie.hub.clock import now_ns
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, writer_text
from regie.hub.reader import HubReader
from regie.hub.wire import Unit

PATH = "src/blink"


def test_an_intra_picture_without_parameters_is_no_keyframe(run_dir: Path) -> None:
    """Black and white in turn: an encoder that looks for scene changes makes every picture an I picture."""
    units = asyncio.run(recorded(run_dir, 40))
    big = [unit for unit in units if any(nal[0] & 31 in (1, 5) for nal in nals(unit.data))]
    assert len(big) == 40
    marked = [index for index, unit in enumerate(units) if unit.is_keyframe]
    assert marked[0] == 0
    assert all(first_sps(units[index].data) for index in marked)
    assert len(marked) <= 4  # one every 16


async def recorded(run_dir: Path, count: int) -> list[Unit]:
    pipeline = Pipeline(
        f"videotestsrc pattern=blink timestamp-offset={now_ns()} ! "
        "video/x-raw,format=I420,width=320,height=180,framerate=30/1 ! identity sync=true ! "
        "x264enc tune=zerolatency speed-preset=veryfast bframes=0 key-int-max=30 "
        "option-string=min-keyint=30:scenecut=400 ! h264parse config-interval=-1 ! "
        f"video/x-h264,stream-format=byte-stream,alignment=au ! {writer_text(Stream.VIDEO)}",
        lambda _: None,
    )
    publisher = Publisher(run_dir, PATH, Stream.VIDEO)
    publisher.attach(pipeline)
    await pipeline.play()
    publisher.listen()
    units: list[Unit] = []
    try:
        async with asyncio.timeout(15):
            async for item in HubReader(run_dir, PATH, Stream.VIDEO).items():
                if isinstance(item, Unit):
                    units.append(item)
                if len(units) == count:
                    return units
    finally:
        await pipeline.close()
        await publisher.close()
    return units
