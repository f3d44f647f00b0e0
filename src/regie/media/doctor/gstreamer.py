"""GStreamer's elements, and the encoders that really encode here."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from regie.domain.errors import RegieError
from regie.hub.gst import Gst
from regie.media.doctor.finding import Finding, good, missing, warning
from regie.media.encoders import ENCODERS
from regie.media.loudness import LoudnessMeter

NEEDED_ELEMENTS = {  # by the Debian package that has them; the core's own elements are always there
    "gstreamer1.0-plugins-base": (
        "appsink appsrc audioconvert audiomixer audiorate audioresample audiotestsrc compositor "
        "multisocketsink opusdec opusenc parsebin videoconvert videoconvertscale videorate videoscale "
        "videotestsrc volume vorbisdec"
    ),
    "gstreamer1.0-x": "clockoverlay textoverlay timeoverlay",
    "gstreamer1.0-plugins-good": (
        "aacparse ac3parse alawdec audiopanorama capssetter deinterlace flacdec flacparse "
        "gdkpixbufoverlay jpegdec jpegenc level matroskademux mpegaudioparse mulawdec qtdemux rtpbin "
        "rtpg722depay rtph264depay rtph265depay rtpjpegdepay rtpmp4adepay rtpmp4gdepay rtpmp4vdepay "
        "rtpmpadepay rtpopusdepay rtppcmadepay rtppcmudepay rtpvp8depay rtpvp9depay rtspsrc smptealpha "
        "udpsrc v4l2src videocrop vp8dec vp9dec"
    ),
    "gstreamer1.0-plugins-bad": (
        "errorignore gdppay h264parse h265parse mpeg4videoparse mpegvideoparse opusparse srtsrc tsdemux "
        "tsparse"
    ),
    "gstreamer1.0-plugins-ugly": "x264enc",
    "gstreamer1.0-libav": (
        "avdec_aac avdec_ac3 avdec_eac3 avdec_g722 avdec_h264 avdec_h265 avdec_mp3 avdec_mpeg2video "
        "avdec_mpeg4"
    ),
    "gstreamer1.0-alsa": "alsasrc",
    "swh-plugins": "ladspa-fast-lookahead-limiter-1913-so-fastlookaheadlimiter",
}
ENCODE_TIMEOUT_S = 10.0
RENDER_NODES = Path("/dev/dri")


def gstreamer_findings() -> Iterator[Finding]:
    version = ".".join(map(str, Gst.version()[:3]))
    if Gst.version()[:2] < (1, 22):
        yield missing("GStreamer", f"{version} is too old", "use Debian 12 or newer, which has 1.22")
    else:
        yield good("GStreamer", version)
    for package, names in NEEDED_ELEMENTS.items():
        lacking = [name for name in names.split() if Gst.ElementFactory.find(name) is None]
        if lacking:
            mend = f"sudo apt-get install {package}; if it is installed: rm -r ~/.cache/gstreamer-1.0"
            yield missing(package, f"lacks {', '.join(lacking)}", mend)
        else:
            yield good(package, f"{len(names.split())} elements found" if len(names.split()) > 1 else "found")
    yield _loudness_meter()
    yield _software_encoder()
    yield from _hardware_encoders()


def _loudness_meter() -> Finding:
    try:
        LoudnessMeter().close()
    except RegieError as error:
        return missing("libebur128-1", error.message, f"sudo {error.hint}")
    return good("libebur128-1", "found")


def encodes(element: str, timeout_s: float = ENCODE_TIMEOUT_S) -> str:
    """What goes wrong when the encoder is used, in a process of its own; empty when it works."""
    text = (
        f"videotestsrc num-buffers=15 ! video/x-raw,format=NV12,width=1280,height=720,framerate=30/1 ! "
        f"{element} ! h264parse ! video/x-h264,stream-format=byte-stream ! fdsink fd=1"
    )
    try:
        done = subprocess.run(
            ["gst-launch-1.0", "-q", *text.split()],
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        return "gst-launch-1.0 is not installed (sudo apt-get install gstreamer1.0-tools)"
    except subprocess.TimeoutExpired:
        return f"it hung for {timeout_s:g} s"
    if done.returncode or len(done.stdout) < 1000:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return said[0].removeprefix("ERROR: ")[:160] if said else "it made no picture"
    return ""


def _software_encoder() -> Finding:
    began = time.monotonic()
    if failure := encodes("x264enc speed-preset=superfast tune=zerolatency"):
        return missing(
            "encoder x264enc", failure, "sudo apt-get install --reinstall gstreamer1.0-plugins-ugly"
        )
    return good("encoder x264enc", f"works (15 pictures of 720p in {time.monotonic() - began:.1f} s)")


def _hardware_encoders() -> Iterator[Finding]:
    hardware = [encoder for encoder in ENCODERS if encoder.is_hardware]
    present = [encoder for encoder in hardware if Gst.ElementFactory.find(encoder.factory) is not None]
    failures = {encoder.factory: encodes(f"{encoder.factory} {encoder.settings}") for encoder in present}
    for name, failure in failures.items():
        if not failure:
            yield good(f"encoder {name}", "works, in hardware")
    if not all(failures.values()):
        return
    for name, failure in failures.items():
        yield warning(f"encoder {name}", failure, "its driver may be missing; the CPU encodes meanwhile")
    if present:
        return
    nodes = sorted(RENDER_NODES.glob("renderD*"))
    if closed := [node for node in nodes if not os.access(node, os.R_OK | os.W_OK)]:
        mend = "sudo usermod -aG render,video USER, then log in again"
        yield warning("hardware encoder", f"Regie may not open {closed[0]}", mend)
    elif nodes:
        mend = "install its driver: intel-media-va-driver or mesa-va-drivers"
        yield warning("hardware encoder", f"{nodes[0]} is there, but no encoder works on it", mend)
    else:
        yield good("hardware encoder", "none on this machine: the CPU encodes")
