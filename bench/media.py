"""Ten seconds of 720p30 at 2 Mbit/s with Opus, encoded once: what the benchmarks send again and again."""

import pickle
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FPS = 1280, 720, 30
VIDEO_BITRATE, AUDIO_BITRATE = 2_000_000, 96_000
SECONDS, KEYFRAME_INTERVAL = 10, 60
VIDEO_NS, AUDIO_NS = 1_000_000_000 // FPS, 20_000_000


@dataclass(frozen=True)
class Clip:
    """Encoded units in order; the first of the video is a keyframe, and so is each sixtieth."""

    video: list[bytes]
    audio: list[bytes]

    @property
    def video_bitrate(self) -> float:
        return sum(map(len, self.video)) * 8 / SECONDS


def clip() -> Clip:
    """The clip, from the cache of an earlier run when there is one."""
    cache = Path(tempfile.gettempdir()) / "regie-bench-clip-1.pickle"
    if cache.exists():
        loaded = pickle.loads(cache.read_bytes())  # noqa: S301 - written by ourselves, below
        return Clip(*loaded)
    made = Clip(_video(), _audio())
    fresh = cache.with_suffix(".new")
    fresh.write_bytes(pickle.dumps((made.video, made.audio)))
    fresh.rename(cache)
    return made


def _video() -> list[bytes]:
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate, codec.bit_rate = Fraction(1, FPS), Fraction(FPS), VIDEO_BITRATE
    codec.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "x264-params": f"nal-hrd=cbr:vbv-maxrate=2000:vbv-bufsize=1000:keyint={KEYFRAME_INTERVAL}:"
        "min-keyint=60:scenecut=0:bframes=0:annexb=1:repeat-headers=1:sliced-threads=0:filler=0",
    }
    noise = np.random.default_rng(1)
    still = noise.integers(0, 256, (HEIGHT, WIDTH + 64 * SECONDS * 8, 3), dtype=np.uint8) // 4
    still[::, :: WIDTH // 8] = 255
    units: list[bytes] = []
    for number in range(SECONDS * FPS):
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(still[:, number * 4 : number * 4 + WIDTH]), format="rgb24"
        )
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        units += [bytes(packet) for packet in codec.encode(frame)]
    return units + [bytes(packet) for packet in codec.encode(None)]


def _audio() -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = 48_000, "stereo", "flt", AUDIO_BITRATE
    codec.time_base = Fraction(1, 48_000)
    times = np.arange(960, dtype=np.float64)
    units: list[bytes] = []
    for number in range(SECONDS * 50):
        wave = (0.2 * np.sin((times + number * 960) * 2 * np.pi * 440 / 48_000)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2).reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, number * 960
        units += [bytes(packet) for packet in codec.encode(frame)]
    return units
