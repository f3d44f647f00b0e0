"""A source of one colour and one tone, as a process of its own: `python -m tests.media.mix.colour {spec}`.

It writes to the hub as every source worker does, and can be stopped, killed and asked for other sizes.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import gi

from regie.hub.clock import now_ns
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, force_keyframe_at, writer_text

gi.require_version("GstController", "1.0")
from gi.repository import GstController  # noqa: E402

COLOURS = {"red": 0xFFC81E1E, "green": 0xFF1EB41E, "blue": 0xFF1E3CDC, "white": 0xFFE6E6E6}


BLACK = 0xFF000000
BLINKS = 100


async def run(
    run_dir: Path,
    path: str,
    *,
    colour: str,
    tone_hz: int,
    width: int,
    height: int,
    fps: int,
    blink_s: float = 0,
) -> None:
    start_ns = now_ns()
    pipeline = Pipeline(
        f"videotestsrc name=picture pattern=solid-color foreground-color={COLOURS[colour]} "
        f"timestamp-offset={start_ns} ! "
        f"video/x-raw,format=I420,width={width},height={height},framerate={fps}/1,colorimetry=bt709 ! "
        "identity sync=true ! x264enc name=encoder tune=zerolatency bframes=0 speed-preset=ultrafast "
        f"key-int-max={fps * 2} threads=1 ! h264parse config-interval=-1 ! "
        f"video/x-h264,stream-format=byte-stream,alignment=au ! {writer_text(Stream.VIDEO)} "
        f"audiotestsrc name=tone freq={tone_hz} volume=0.3 timestamp-offset={start_ns} "
        "samplesperbuffer=960 ! "
        "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! identity sync=true ! "
        f"opusenc frame-size=20 complexity=0 ! {writer_text(Stream.AUDIO)}",
        lambda _: None,
    )
    if blink_s:
        times_ns = [start_ns + round(number * blink_s * 1e9) for number in range(BLINKS)]
        bind = GstController.DirectControlBinding.new_absolute
        picture, tone = pipeline["picture"], pipeline["tone"]
        shades = _on_and_off(times_ns, COLOURS[colour], BLACK)
        picture.add_control_binding(bind(picture, "foreground-color", shades))
        tone.add_control_binding(bind(tone, "volume", _on_and_off(times_ns, 0.3, 0)))
    encoder = pipeline["encoder"]
    publishers = {stream: Publisher(run_dir, path, stream) for stream in Stream}
    publishers[Stream.VIDEO].attach(pipeline, lambda: force_keyframe_at(encoder))
    publishers[Stream.AUDIO].attach(pipeline)
    await pipeline.play()
    for publisher in publishers.values():
        publisher.listen()
    await asyncio.Event().wait()


def _on_and_off(times_ns: list[int], on: float, off: float) -> Any:
    steps = GstController.InterpolationControlSource(mode=GstController.InterpolationMode.NONE)
    for number, time_ns in enumerate(times_ns):
        steps.set(time_ns, off if number % 2 else on)
    return steps


if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    asyncio.run(run(Path(spec.pop("run_dir")), spec.pop("path"), **spec))
