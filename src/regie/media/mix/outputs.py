"""What the mixer gives: the programme always; preview and monitor while someone looks and listens."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from regie.domain.desk import Bus
from regie.domain.production import Production
from regie.domain.workers import Json
from regie.hub.clock import now_ns
from regie.hub.flow import Flow
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, force_keyframe_at
from regie.media.mix.clean import Clean
from regie.media.mix.graph import PREVIEW
from regie.media.mix.monitor import Monitor

LATE_NS = 200_000_000  # a frame this long after its time has left the pipeline behind


class ProgrammeFlow(Flow):
    """Counts what a programme must not have: frames that are missing, and frames that come late."""

    def __init__(self, fps: int) -> None:
        super().__init__()
        self._frame_ns = 1e9 / fps
        self.dropped = 0
        self.late = 0

    def on_unit(self, pts_ns: int, size: int, now_ns: int) -> None:
        if self.units and pts_ns > self.last_pts_ns:
            self.dropped += max(0, round((pts_ns - self.last_pts_ns) / self._frame_ns) - 1)
        if now_ns - pts_ns > LATE_NS:
            self.late += 1
        super().on_unit(pts_ns, size, now_ns)


class Outputs:
    """The publishers of a production's paths."""

    def __init__(self, run_dir: Path, production: Production, pipeline: Pipeline, monitor: Monitor) -> None:
        self._pipeline = pipeline
        self._monitor = monitor
        self._programme = f"pgm/{production.id}"
        self._preview = f"pvw/{production.id}"
        self._video = Publisher(run_dir, self._programme, Stream.VIDEO, "pgm")
        self._audio = Publisher(run_dir, self._programme, Stream.AUDIO, "pgm")
        self._small = Publisher(run_dir, self._preview, Stream.VIDEO, "pvw")
        self.flow = ProgrammeFlow(production.format.fps)
        self._video.flow = self.flow
        self._size = production.format.canvas
        self._previews = False
        self._clean = Clean(run_dir, production, pipeline)

    def attach(self) -> None:
        self._video.attach(self._pipeline, self._keyframe("encoder"))
        self._small.attach(self._pipeline, self._keyframe("pvw_encoder"))
        self._audio.attach(self._pipeline)
        self._monitor.publisher.attach(self._pipeline)
        self._clean.attach()

    def listen(self) -> None:
        for publisher in self._publishers:
            publisher.listen()

    async def close(self) -> None:
        for publisher in self._publishers:
            await publisher.close()

    @property
    def _publishers(self) -> tuple[Publisher, ...]:
        own = self._video, self._audio, self._small
        return *own, self._monitor.publisher, *self._clean.publishers.values()

    def tick(self, off_air: Bus) -> None:
        """Encode what someone looks at."""
        self._clean.tick()
        wanted = self._small.readers > 0
        selector = self._pipeline["pvw"]
        for number, bus in enumerate(Bus):
            self._pipeline[f"pvw_{bus}"].set_property("drop", not (wanted and bus is off_air))
            if bus is off_air:
                selector.set_property("active-pad", selector.get_static_pad(f"sink_{number}"))
        if wanted and not self._previews:
            force_keyframe_at(self._pipeline["pvw_encoder"])
        self._previews = wanted

    def stats(self) -> Json:
        return {
            self._programme: {
                "video": self._video_stats(self._video, self._size),
                "audio": _audio_stats(self._audio),
            },
            self._preview: {"video": self._video_stats(self._small, PREVIEW), "audio": None},
            self._clean.path: {
                "video": self._video_stats(self._clean.publishers[Stream.VIDEO], self._size),
                "audio": _audio_stats(self._clean.publishers[Stream.AUDIO]),
            },
            self._monitor.path: {"video": None, "audio": _audio_stats(self._monitor.publisher)},
        }

    def _video_stats(self, publisher: Publisher, size: tuple[int, int]) -> Json | None:
        flow = publisher.flow
        rate, _ = flow.rates(now_ns())
        return _stats(
            publisher,
            codec="H.264",
            width=size[0],
            height=size[1],
            fps=round(rate, 2),
            keyframe_interval_s=round(flow.keyframe_interval_s, 3),
            keyframes=flow.keyframes,
        )

    def _keyframe(self, encoder: str) -> Callable[[], None]:
        return partial(force_keyframe_at, self._pipeline[encoder])


def _audio_stats(publisher: Publisher) -> Json | None:
    return _stats(publisher, codec="Opus", rate=48000, channels=2)


def _stats(publisher: Publisher, **facts: Any) -> Json | None:
    silent_s = publisher.flow.silent_for_s(now_ns())
    if silent_s is None:
        return None
    _, bitrate = publisher.flow.rates(now_ns())
    return {
        **facts,
        "bitrate": round(bitrate),
        "units": publisher.flow.units,
        "readers": publisher.readers,
        "silent_s": round(silent_s, 3),
    }
