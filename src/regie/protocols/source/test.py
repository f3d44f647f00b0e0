"""A test picture that proves itself: name, clock, tone, and the time of each frame in the picture."""

from enum import StrEnum

from pydantic import Field

from regie.protocols.source.kind import LaunchContext, SourceKind, SourceOptions, quoted


class Pattern(StrEnum):
    BARS = "bars"
    BALL = "ball"
    PINWHEEL = "pinwheel"
    SPOKES = "spokes"


class TestOptions(SourceOptions):
    pattern: Pattern = Field(Pattern.BARS, title="Pattern", description="What moves in the picture")
    tone_hz: int = Field(
        440, title="Tone", description="Frequency of the tone, in Hz", ge=50, le=8000, multiple_of=10
    )
    width: int = Field(
        1280, title="Width", ge=320, le=3840, multiple_of=2, json_schema_extra={"advanced": True}
    )
    height: int = Field(
        720, title="Height", ge=180, le=2160, multiple_of=2, json_schema_extra={"advanced": True}
    )
    fps: int = Field(30, title="Frames per second", ge=5, le=60, json_schema_extra={"advanced": True})


_PATTERNS = {
    Pattern.BARS: "smpte75 horizontal-speed=2",
    Pattern.BALL: "ball",
    Pattern.PINWHEEL: "pinwheel",
    Pattern.SPOKES: "spokes",
}


def launch(options: TestOptions, context: LaunchContext) -> str:
    second_ns = 1_000_000_000
    frames = context.now_ns % second_ns * options.fps // second_ns + 1
    picture_ns = context.now_ns // second_ns * second_ns + frames * second_ns // options.fps
    tone_ns = (context.now_ns // second_ns + 1) * second_ns
    return (
        f"videotestsrc name=picture pattern={_PATTERNS[options.pattern]} timestamp-offset={picture_ns} ! "
        f"video/x-raw,format=I420,width={options.width},height={options.height},framerate={options.fps}/1 ! "
        f"clockoverlay name=label text={quoted(context.name)} time-format=%H:%M:%S "
        'font-desc="Sans Bold 28" ! identity name=media_video sync=true '
        f"audiotestsrc name=tone wave=ticks freq={options.tone_hz} sine-periods-per-tick={options.tone_hz // 10} "
        "tick-interval=100000000 volume=0.05 marker-tick-period=10 marker-tick-volume=0.5 "
        f"timestamp-offset={tone_ns} samplesperbuffer=960 ! "
        "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! "
        "identity name=media_audio sync=true"
    )


KIND = SourceKind(
    kind="test",
    title="Test picture",
    summary="A moving pattern with a name, a clock, a tone, and a time stamp machines can read",
    schemes=(),
    options=TestOptions,
    launch=launch,
)
