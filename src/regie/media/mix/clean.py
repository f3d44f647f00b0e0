"""The programme without what lies over it: no titles, no fade to black. Encoded while someone reads it.

final ─ before overlays ─ valve ─ encoder ─ hub clean, with the programme's sound
"""

from functools import partial
from pathlib import Path

from regie.domain.production import Format, Production
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, force_keyframe_at, writer_text
from regie.media.encoders import Size, best_encoder, encoder_text
from regie.media.mix.parts import H264, SPARE


def clean_text(form: Format) -> str:
    """It takes the picture from `uncovered` and the encoded sound from `pgm_encoded`."""
    size = Size(form.width, form.height, form.fps)
    encoder = encoder_text(
        best_encoder(),
        size,
        quickly=False,
        bitrate=form.bitrate,
        keyframe_s=form.keyframe_s,
        name="clean_encoder",
    )
    return (
        f"uncovered. ! {SPARE} ! valve name=clean_valve drop=true ! "
        f"queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 leaky=downstream ! {encoder} ! "
        f"h264parse config-interval=-1 ! {H264} ! {writer_text(Stream.VIDEO, 'clean')} "
        f"pgm_encoded. ! {SPARE} ! {writer_text(Stream.AUDIO, 'clean')}"
    )


class Clean:
    """The path `clean/<production>`."""

    def __init__(self, run_dir: Path, production: Production, pipeline: Pipeline) -> None:
        self.path = f"clean/{production.id}"
        self._pipeline = pipeline
        self.publishers = {stream: Publisher(run_dir, self.path, stream, "clean") for stream in Stream}
        self._is_open = False

    def attach(self) -> None:
        encoder = self._pipeline["clean_encoder"]
        self.publishers[Stream.VIDEO].attach(self._pipeline, partial(force_keyframe_at, encoder))
        self.publishers[Stream.AUDIO].attach(self._pipeline)

    def tick(self) -> None:
        """Encode while someone looks."""
        wanted = self.publishers[Stream.VIDEO].readers > 0
        if wanted is self._is_open:
            return
        self._is_open = wanted
        self._pipeline["clean_valve"].set_property("drop", not wanted)
        if wanted:
            force_keyframe_at(self._pipeline["clean_encoder"])
