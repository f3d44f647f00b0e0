"""A picture on a real hub, made in the test's own process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from regie.hub.clock import now_ns
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, writer_text

type Publish = Callable[..., Awaitable[None]]


@pytest.fixture
async def publish(run_dir: Path) -> AsyncIterator[Publish]:
    """publish("red") puts a red 1280x720 picture on src/cam1; `age_s` lets it be an old one."""
    async with AsyncExitStack() as stack:

        async def start(pattern: str, *, shape: str = "1/1", age_s: float = 0.0) -> None:
            pipeline = Pipeline(
                f"videotestsrc name=test is-live=true pattern={pattern} timestamp-offset={now_ns()} ! "
                f"video/x-raw,width=1280,height=720,framerate=30/1,pixel-aspect-ratio={shape} ! "
                "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! "
                "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! "
                f"{writer_text(Stream.VIDEO)}",
                lambda _: None,
            )
            pipeline["test"].get_static_pad("src").set_offset(int(-age_s * 1e9))
            publisher = Publisher(run_dir, "src/cam1", Stream.VIDEO)
            publisher.listen(pipeline)
            stack.push_async_callback(publisher.close)
            stack.push_async_callback(pipeline.close)
            await pipeline.play()

        yield start
