"""Slates: what is shown of a source that is not there. Made once for each name, as an encoded picture."""

import asyncio
import html
from dataclasses import dataclass

from regie.domain.errors import Unavailable
from regie.hub.gst import Gst
from regie.protocols.source.kind import quoted

TIMEOUT_NS = 5_000_000_000
CAPS = "video/x-h264,stream-format=byte-stream,alignment=au"


@dataclass(frozen=True)
class Slate:
    unit: bytes
    caps: str


class SlateMaker:
    """Makes and keeps slates, in a thread: it takes a tenth of a second."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._slates: dict[str, Slate] = {}
        self._making = asyncio.Lock()

    async def get(self, name: str) -> Slate:
        async with self._making:
            if name not in self._slates:
                self._slates[name] = await asyncio.to_thread(_make, name, *self._size)
            return self._slates[name]


def _make(name: str, width: int, height: int) -> Slate:
    text = quoted(
        '<span weight="bold" size="larger">NO SIGNAL</span>\n'
        f'<span foreground="#b9c2cf">{html.escape(name)}</span>'
    )
    pipeline = Gst.parse_launch(
        f"videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xff1b2430 ! "
        f"video/x-raw,format=I420,width={width},height={height},framerate=5/1,colorimetry=bt709 ! "
        f'textoverlay text={text} font-desc="Sans {height // 16}px" valignment=center halignment=center '
        "line-alignment=center draw-shadow=false auto-resize=false ! "
        "x264enc tune=zerolatency speed-preset=veryfast pass=quant quantizer=24 ! "
        f"h264parse config-interval=-1 ! {CAPS} ! appsink name=out sync=false"
    )
    pipeline.set_state(Gst.State.PLAYING)
    try:
        sample = pipeline.get_by_name("out").emit("try-pull-sample", TIMEOUT_NS)
        if sample is None:
            raise Unavailable(f"the slate of {name} could not be drawn")
        buffer = sample.get_buffer()
        return Slate(buffer.extract_dup(0, buffer.get_size()), sample.get_caps().to_string())
    finally:
        pipeline.set_state(Gst.State.NULL)
