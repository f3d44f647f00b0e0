"""One stream on its way to the hub: H.264 and Opus pass untouched, everything else is decoded and encoded.

A branch has a head, which takes the source's pad and turns it into access units, and a tail, which is chosen
when the first of them tells what it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from regie.domain.h264 import first_sps, has_b_slice, why_not_passed
from regie.domain.workers import Json
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, force_keyframe_at, writer_text
from regie.media.encoders import Size, best_encoder, encoder_text
from regie.media.formats import Format

H264_CAPS = "video/x-h264,stream-format=byte-stream,alignment=au"
B_FRAME_WATCH_UNITS = 600  # how long a stream that does not say whether it has B-frames is watched
SLICE_HEADER_BYTES = 2048
B_FRAMES = "it has B-frames"
FILE_TOLERANCE_NS = 1_000_000  # where a file's rounds meet, sound is cut or filled to this
LIVE_TOLERANCE_NS = 40_000_000  # arrival times jitter; what is less than this is no gap
# A blocking probe: after it, what it linked gets caps and segment before the unit itself.
FIRST_UNIT = Gst.PadProbeType.BLOCK | Gst.PadProbeType.BUFFER
DECODE_QUEUE = "queue max-size-buffers=60 max-size-time=1000000000 max-size-bytes=33554432"
ENCODE_QUEUE = "queue max-size-buffers=3 max-size-bytes=0 max-size-time=0 leaky=downstream"
AHEAD = "queue max-size-time=1500000000 max-size-buffers=0 max-size-bytes=67108864"


@dataclass(frozen=True)
class Plan:
    """What the branches of one attempt have in common."""

    is_file: bool  # read ahead and sent on in real time
    is_synthetic: bool
    transcode_because: str  # empty: pass what may pass


class Branch:
    """One stream. What it calls back, it calls in GStreamer's threads."""

    def __init__(
        self,
        pipeline: Pipeline,
        publisher: Publisher,
        form: Format,
        depayloader: str,
        plan: Plan,
        *,
        on_ready: Callable[["Branch"], None],
        on_b_frames: Callable[[], None],
        on_fault: Callable[[Exception], None],
    ) -> None:
        self.format = form
        self.passthrough: bool | None = None
        self.why = ""
        self._pipeline = pipeline
        self._publisher = publisher
        self._plan = plan
        self._on_ready = on_ready
        self._on_b_frames = on_b_frames
        self._on_fault = on_fault
        self._watched = 0
        self._head: Any = pipeline.add(self._head_text(depayloader), f"{self.stream}_head")
        self._head.get_static_pad("src").add_probe(FIRST_UNIT, self._on_first_unit)
        self._head.sync_state_with_parent()

    @property
    def stream(self) -> Stream:
        return self.format.stream

    @property
    def detail(self) -> Json | None:
        """How the stream is treated, once that is known."""
        if self.passthrough is None:
            return None
        return {"codec": self.format.codec, "passthrough": self.passthrough, "why": self.why}

    @property
    def waits_for_keyframe(self) -> bool:
        """Whether units come, or could come, of which nothing can be made without what a keyframe tells."""
        return self.format.is_h264 and self.passthrough is None

    def release(self) -> None:
        """Let go of the elements, once they have stopped."""
        self._head = None

    def take(self, pad: Any) -> bool:
        """Carry what comes out of this pad from now on."""
        sink = self._head.get_static_pad("sink")
        old = sink.get_peer()
        if old is not None:
            old.unlink(sink)
        return bool(pad.link_maybe_ghosting(sink))

    def _head_text(self, depayloader: str) -> str:
        parts = [AHEAD] if self._plan.is_file else []
        if depayloader:
            parts.append(depayloader)
        if self.format.is_h264:
            parts += ["h264parse name=parser config-interval=-1", f"capsfilter caps={H264_CAPS}"]
        parts.append("identity sync=true" if self._plan.is_file else "identity")
        return " ! ".join(parts)

    def _on_first_unit(self, pad: Any, info: Any) -> Any:
        return self._guarded(partial(self._go_on, pad, info.get_buffer()))

    def _guarded(self, build: Callable[[], Any]) -> Any:
        """What a probe builds, and its failure told: an error must not go back into GStreamer's thread."""
        try:
            return build()
        except Exception as error:
            self._on_fault(error)
            return Gst.PadProbeReturn.REMOVE

    def _go_on(self, pad: Any, buffer: Any) -> Any:
        """Decide how to go on, and go on."""
        if self.format.is_h264:
            sps = first_sps(buffer.extract_dup(0, min(buffer.get_size(), 4096)))
            if sps is None:
                return Gst.PadProbeReturn.DROP  # until a keyframe comes, nobody could show it
            self.why = self._plan.transcode_because or why_not_passed(sps)
            if not self.why and sps.may_have_b_frames and sps.max_reorder_frames is None:
                pad.add_probe(Gst.PadProbeType.BUFFER, self._on_unit_to_watch)
        elif self.format.is_opus:
            self.why = _why_not_opus(pad.get_current_caps())
        else:
            raw = not self.format.decoder
            self.why = "it arrives uncompressed" if raw else f"browsers do not play {self.format.codec}"
        self.passthrough = not self.why
        self._finish(pad)
        return Gst.PadProbeReturn.REMOVE

    def _finish(self, pad: Any) -> None:
        """Link what comes after the head."""
        if self.passthrough:
            self._write(pad, "")
        elif self.stream is Stream.AUDIO:
            self._write(pad, self._sound_text())
        else:
            self._decode(pad)

    def _decode(self, pad: Any) -> None:
        """Put a decoder behind the head; the encoder follows once the size of the picture is known."""
        decoder = f"{DECODE_QUEUE} ! {self.format.decoder} ! " if self.format.decoder else ""
        convert = "" if self._plan.is_synthetic else "deinterlace mode=auto fields=top ! videoconvert ! "
        raw = self._pipeline.add(f"{decoder}{convert}capsfilter caps=video/x-raw,format=I420", "video_decode")
        raw.get_static_pad("src").add_probe(FIRST_UNIT, self._on_first_picture)
        raw.sync_state_with_parent()
        pad.link(raw.get_static_pad("sink"))

    def _on_first_picture(self, pad: Any, _info: Any) -> Any:
        return self._guarded(partial(self._encode, pad))

    def _encode(self, pad: Any) -> Any:
        """Put an encoder behind the decoder."""
        size = Size.from_caps(pad.get_current_caps())
        encoder = encoder_text(best_encoder(), size, quickly=self._plan.is_synthetic)
        queue = "" if self._plan.is_synthetic else f"{ENCODE_QUEUE} ! "  # what is drawn here has its own
        self._write(pad, f"{queue}{encoder} ! h264parse config-interval=-1 ! {H264_CAPS} ! ")
        return Gst.PadProbeReturn.REMOVE

    def _write(self, pad: Any, text: str) -> None:
        """Put the end of the branch on the hub."""
        tail = self._pipeline.add(f"{text}{writer_text(self.stream)}", f"{self.stream}_tail")
        self._publisher.attach(self._pipeline, self._force_keyframe())
        tail.sync_state_with_parent()
        pad.link(tail.get_static_pad("sink"))
        self._on_ready(self)

    def _sound_text(self) -> str:
        if self._plan.is_synthetic:  # made as it is encoded, without a gap
            return "opusenc frame-size=20 bitrate=128000 complexity=0 ! "
        decoder = f"{self.format.decoder} ! " if self.format.decoder else ""
        tolerance_ns = FILE_TOLERANCE_NS if self._plan.is_file else LIVE_TOLERANCE_NS
        return (
            f"{decoder}identity single-segment=true ! audioconvert ! audioresample ! "
            f"audiorate skip-to-first=true tolerance={tolerance_ns} ! "
            "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! "
            f"opusenc frame-size=20 bitrate=128000 complexity=8 ! "
        )

    def _force_keyframe(self) -> Callable[[], None] | None:
        """How to get a keyframe: from our encoder, or from a camera that takes such requests."""
        if self.stream is Stream.AUDIO:
            return None
        element = self._pipeline["parser" if self.passthrough else "encoder"]
        return lambda: force_keyframe_at(element)

    def _on_unit_to_watch(self, _pad: Any, info: Any) -> Any:
        buffer = info.get_buffer()
        self._watched += 1
        if has_b_slice(buffer.extract_dup(0, min(buffer.get_size(), SLICE_HEADER_BYTES))):
            self._on_b_frames()
            return Gst.PadProbeReturn.REMOVE
        return Gst.PadProbeReturn.REMOVE if self._watched >= B_FRAME_WATCH_UNITS else Gst.PadProbeReturn.OK


def _why_not_opus(caps: Any) -> str:
    structure = caps.get_structure(0)
    _, family = structure.get_int("channel-mapping-family")
    found, channels = structure.get_int("channels")
    if family != 0 or (found and channels != 2):
        return f"it has {channels} channel{'s' if channels != 1 else ''}, not two"
    return ""
