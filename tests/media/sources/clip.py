"""Two seconds of 30 frames, each as bright as its number says, with a beep at the start of each second."""

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.media.sources.rig import Frame, ffmpeg

FPS, SECONDS = 30, 2
FRAMES = FPS * SECONDS
CLIP_NAMES = ("clip.mp4", "clip.mov", "clip.mkv", "clip.ts")
_DARKEST, _STEP = 20, 3.5


def number_of(frame: Frame) -> int:
    """Which frame of the clip this is."""
    luma = float(frame.luma.mean()) * 219 / 255 + 16  # full range back to that of video
    return round((luma - _DARKEST) / _STEP)


def make_clips(directory: Path) -> None:
    first = directory / CLIP_NAMES[0]
    write_clip(first)
    for name in CLIP_NAMES[1:]:
        ffmpeg("-i", str(first), "-c", "copy", str(directory / name))


def write_clip(file: Path, **video_options: str) -> None:
    """H.264 without B-frames unless `video_options` (of libx264) say otherwise, and AAC."""
    with av.open(str(file), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt, video.gop_size = 320, 180, "yuv420p", FPS
        video.options = {"bf": "0", "preset": "veryfast", "crf": "16", **video_options}
        audio = container.add_stream("aac", rate=48000, layout="stereo")
        for number in range(FRAMES):
            luma = np.full((180, 320), round(_DARKEST + _STEP * number), np.uint8)
            planes = np.concatenate([luma, np.full((90, 320), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for start in range(0, 48000 * SECONDS, 1024):
            container.mux(audio.encode(_sound(start)))
        container.mux(audio.encode(None))


def _sound(start: int) -> av.AudioFrame:
    at = np.arange(start, min(start + 1024, 48000 * SECONDS))
    loud = np.where(at % 48000 < 4800, 0.5, 0.03)
    mono = (loud * np.sin(2 * math.pi * 600 * at / 48000)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([mono, mono]), format="fltp", layout="stereo")
    frame.pts, frame.sample_rate, frame.time_base = start, 48000, Fraction(1, 48000)
    return frame
