"""The best H.264 encoder of this machine: hardware where it really works, software otherwise."""

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from regie.domain.errors import NotSupported
from regie.hub.gst import GLib, Gst
from regie.media.verdicts import Verdicts

log = logging.getLogger(__name__)

PROBE_TIMEOUT_NS = 3_000_000_000
BITS_PER_PIXEL = 0.075  # 2 Mbit/s for 720p30
KEYFRAME_INTERVAL_S = 2


@dataclass(frozen=True)
class Encoder:
    """An encoder element, how it is set up for live pictures, and the units its bitrate is given in."""

    factory: str
    title: str
    settings: str
    keyframe_property: str
    bitrate_property: str = "bitrate"
    bits_per_unit: int = 1000
    is_hardware: bool = True


ENCODERS = (
    Encoder("nvh264enc", "NVENC", "zerolatency=true bframes=0 rc-mode=cbr-ld-hq", "gop-size"),
    Encoder("vah264enc", "VA-API", "b-frames=0 rate-control=cbr", "key-int-max"),
    Encoder("vaapih264enc", "VA-API", "max-bframes=0 rate-control=cbr", "keyframe-period"),
    Encoder("mpph264enc", "Rockchip MPP", "rc-mode=cbr", "gop", "bps", 1),
    Encoder("v4l2h264enc", "V4L2", "", "", ""),
    Encoder(
        "x264enc",
        "x264",
        "tune=zerolatency bframes=0 sliced-threads=false trellis=false option-string=scenecut=0",
        "key-int-max",
        is_hardware=False,
    ),
    Encoder(
        "openh264enc",
        "OpenH264",
        "complexity=low rate-control=bitrate",
        "gop-size",
        bits_per_unit=1,
        is_hardware=False,
    ),
)


_shared: Verdicts | None = None


def share_verdicts(run_dir: Path) -> None:
    """Whether an encoder works, the workers of this directory find out together."""
    global _shared  # noqa: PLW0603 - a process is one worker
    _shared = Verdicts(run_dir)


@lru_cache(maxsize=1)
def best_encoder() -> Encoder:
    """The first encoder that is installed and, if it is hardware, encodes a few frames when asked to."""
    for encoder in ENCODERS:
        if Gst.ElementFactory.find(encoder.factory) and (not encoder.is_hardware or _proven(encoder)):
            return encoder
    raise NotSupported(
        "this machine has no H.264 encoder", "install gstreamer1.0-plugins-ugly (x264) and start again"
    )


@dataclass(frozen=True)
class Size:
    """What is to be encoded."""

    width: int
    height: int
    fps: float

    @classmethod
    def from_caps(cls, caps: Any) -> Self:
        structure = caps.get_structure(0)
        found, numerator, denominator = structure.get_fraction("framerate")
        fps = numerator / denominator if found and numerator else 30.0
        return cls(structure.get_value("width"), structure.get_value("height"), min(fps, 60.0))

    @property
    def pixels_per_s(self) -> float:
        return self.width * self.height * self.fps


def encoder_text(
    encoder: Encoder,
    size: Size,
    *,
    quickly: bool,
    bitrate: int = 0,
    keyframe_s: float = KEYFRAME_INTERVAL_S,
    name: str = "encoder",
) -> str:
    """The encoder, with the bitrate given or one that suits; `quickly` spends less effort."""
    bitrate = bitrate or round(min(max(size.pixels_per_s * BITS_PER_PIXEL, 300_000), 12_000_000))
    parts = [encoder.factory, f"name={name}", encoder.settings]
    if encoder.bitrate_property:
        parts.append(f"{encoder.bitrate_property}={bitrate // encoder.bits_per_unit}")
    if encoder.keyframe_property:
        parts.append(f"{encoder.keyframe_property}={max(1, round(keyframe_s * size.fps))}")
    if encoder.factory == "x264enc":
        threads = 1 if size.pixels_per_s <= 1920 * 1080 * 60 else 4  # more than one adds frames of delay
        parts.append(f"threads={threads} speed-preset={'ultrafast qp-min=24' if quickly else 'superfast'}")
    return " ".join(parts)


def _proven(encoder: Encoder) -> bool:
    if _shared is None:
        return _works(encoder)
    return _shared.works(encoder.factory, encoder.settings, lambda: _works(encoder))


def _works(encoder: Encoder) -> bool:
    text = (
        "videotestsrc num-buffers=5 ! video/x-raw,width=640,height=360,framerate=30/1 ! videoconvert ! "
        f"{encoder_text(encoder, Size(640, 360, 30), quickly=True)} ! h264parse ! fakesink"
    )
    try:
        pipeline = Gst.parse_launch(text)
    except GLib.Error:
        return False
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        PROBE_TIMEOUT_NS, Gst.MessageType.ERROR | Gst.MessageType.EOS
    )
    works = message is not None and message.type == Gst.MessageType.EOS
    pipeline.set_state(Gst.State.NULL)
    if not works:
        log.info("%s is installed but does not encode here", encoder.title)
    return works
