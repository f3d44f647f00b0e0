"""A test picture that proves itself: name, clock, tone, and the time of each frame in the picture.

Everything is aligned to whole seconds of the one clock: the frames, the flash (see regie.domain.strip) and
the beep, which is the first tenth of each second's tone, played louder.
"""

import html
from enum import StrEnum

from pydantic import Field

from regie.domain.strip import BLOCKS_PER_WIDTH
from regie.protocols.source.kind import LaunchContext, SourceKind, SourceOptions, quoted

SECOND_NS = 1_000_000_000
RATE, SAMPLES = 48_000, 960  # of sound, a second and a buffer
TICKS_PER_SECOND = 10  # one of them is the beep


class Pattern(StrEnum):
    BARS = "bars"
    BALL = "ball"
    PINWHEEL = "pinwheel"
    SPOKES = "spokes"
    CURTAIN = "curtain"


_PATTERNS = {  # what videotestsrc makes of them, and how much smaller than the picture: drawing is dear
    Pattern.BARS: ("smpte75 horizontal-speed=2", 1, 8),  # every line is the same, as in the curtain
    Pattern.BALL: ("ball foreground-color=0xffe8a33d background-color=0xff14213a", 4, 4),
    Pattern.PINWHEEL: (
        "pinwheel horizontal-speed=1 foreground-color=0xff2b6f77 background-color=0xff123b45",
        8,
        8,
    ),
    Pattern.SPOKES: (
        "spokes horizontal-speed=1 foreground-color=0xff6b4a8c background-color=0xff2c1f45",
        8,
        8,
    ),
    Pattern.CURTAIN: ("bar horizontal-speed=4 foreground-color=0xff8a5a9e background-color=0xff2c1f45", 1, 8),
}


class TestOptions(SourceOptions):
    """What the picture looks like and how it sounds."""

    pattern: Pattern = Field(Pattern.BARS, title="Pattern", description="What moves in the picture")
    tone_hz: int = Field(
        440, title="Tone", description="Frequency of the tone in Hz", ge=50, le=8000, multiple_of=10
    )
    width: int = Field(
        1280, title="Width", ge=320, le=3840, multiple_of=2, json_schema_extra={"advanced": True}
    )
    height: int = Field(
        720, title="Height", ge=180, le=2160, multiple_of=2, json_schema_extra={"advanced": True}
    )
    fps: int = Field(30, title="Frames per second", ge=5, le=60, json_schema_extra={"advanced": True})


def launch(options: TestOptions, context: LaunchContext) -> str:
    return f"{_picture(options, context)} {_tone(options, context)}"


def _picture(options: TestOptions, context: LaunchContext) -> str:
    """Frames are drawn at their time; a machine too busy to dress and encode them all leaves some out."""
    second, into_ns = divmod(context.now_ns, SECOND_NS)
    frame = into_ns * options.fps // SECOND_NS + 1
    start_ns = second * SECOND_NS + frame * SECOND_NS // options.fps
    pattern, narrower, lower = _PATTERNS[options.pattern]
    method = "nearest-neighbour" if narrower == 1 else "bilinear"
    return (
        f"videotestsrc name=picture pattern={pattern} timestamp-offset={start_ns} ! "
        f"video/x-raw,format=I420,width={options.width // narrower},height={options.height // lower},"
        f"framerate={options.fps}/1,colorimetry=bt709,pixel-aspect-ratio=1/1 ! identity sync=true ! "
        "queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! "
        f"videoscale n-threads=1 method={method} add-borders=false ! "
        f"video/x-raw,width={options.width},height={options.height},pixel-aspect-ratio=1/1 ! "
        f"{_strip(options)} ! {_label(options, context)} ! identity name=media_video"
    )


def _strip(options: TestOptions) -> str:
    """The running time of every frame, written in a font of blocks; the bar below it comes first."""
    block = options.width / BLOCKS_PER_WIDTH
    bar_and_start = quoted('<span foreground="black">|</span>#')
    return (
        f"timeoverlay name=strip time-mode=running-time text={bar_and_start} auto-resize=false "
        f'font-desc="Regie Strip {block * 10:g}px" draw-shadow=false draw-outline=false '
        f"halignment=left valignment=top xpad={round(block)} ypad={round(block / 2)}"
    )


def _label(options: TestOptions, context: LaunchContext) -> str:
    pad, size = options.width // 40, options.height // 14
    return (
        f"clockoverlay name=label text={quoted(html.escape(context.name, quote=False))} time-format=%H:%M:%S "
        f'auto-resize=false font-desc="Sans Bold {size}px" halignment=left valignment=bottom '
        f"xpad={pad} ypad={pad} draw-shadow=false"
    )


def _tone(options: TestOptions, context: LaunchContext) -> str:
    """Ticks as long as the time between them are a tone; each tenth of them, on the second, is the beep.

    audiotestsrc counts ticks from the end of the buffer it fills, not from its beginning: a buffer is added.
    """
    start_ns = (context.now_ns // SECOND_NS + 1) * SECOND_NS + SECOND_NS * SAMPLES // RATE
    return (
        f"audiotestsrc name=tone wave=ticks freq={options.tone_hz} volume=0.03 "
        f"tick-interval={SECOND_NS // TICKS_PER_SECOND} "
        f"sine-periods-per-tick={options.tone_hz // TICKS_PER_SECOND} "
        f"marker-tick-period={TICKS_PER_SECOND} marker-tick-volume=0.4 "
        f"timestamp-offset={start_ns} samplesperbuffer={SAMPLES} ! "
        f"audio/x-raw,format=S16LE,rate={RATE},channels=2,layout=interleaved ! "
        "identity name=media_audio sync=true"
    )


KIND = SourceKind(
    kind="test",
    title="Test picture",
    summary="A moving pattern with a name, a clock, a tone, and a time stamp machines can read",
    schemes=(),
    options=TestOptions,
    launch=launch,
    is_synthetic=True,
)
