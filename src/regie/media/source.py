"""The source worker: whatever comes in leaves on the hub as H.264 and Opus."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from regie.domain.workers import Json, Report, WorkerState
from regie.hub.clock import now_ns
from regie.hub.gst import Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, force_keyframe_at, writer_text
from regie.link.server import Handler
from regie.link.worker import ReportTo, WorkerContext, run_worker
from regie.protocols.source import LaunchContext, checked_options, source_kind

os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).parent / "assets" / "fonts.conf"))  # read late

VIDEO = (
    "queue ! videoconvert ! video/x-raw,format=I420 ! "
    "x264enc name=encoder tune=zerolatency speed-preset=ultrafast bitrate=2000 key-int-max=60 bframes=0 threads=1 ! h264parse config-interval=-1 ! "
    "video/x-h264,stream-format=byte-stream,alignment=au ! "
)
AUDIO = "queue ! audioconvert ! audioresample ! opusenc name=opus bitrate=96000 ! "


async def run(context: WorkerContext, spec: Json) -> None:
    await run_worker(context, spec, lambda report: SourceBody(context, report))


class SourceBody:
    """One source: its pipeline, supervised."""

    def __init__(self, context: WorkerContext, report: ReportTo) -> None:
        self._context = context
        self._report = report
        self._pipeline: Pipeline | None = None
        self._publishers: dict[Stream, Publisher] = {}
        self._path = ""

    async def start(self, spec: Json) -> None:
        self._path = str(spec["path"])
        kind = source_kind(str(spec["kind"]))
        media_dir = Path(spec.get("media_dir", "."))
        options = checked_options(kind.kind, spec.get("options") or {}, media_dir)
        text = kind.launch(options, LaunchContext(str(spec.get("name", "")), media_dir, now_ns()))
        self._pipeline = Pipeline(
            f"{text} media_video. ! {VIDEO} {writer_text(Stream.VIDEO)} "
            f"media_audio. ! {AUDIO} {writer_text(Stream.AUDIO)}",
            self._on_message,
        )
        for stream in Stream:
            self._publishers[stream] = Publisher(self._context.run_dir, self._path, stream)
        encoder = self._pipeline["encoder"]
        self._publishers[Stream.VIDEO].listen(self._pipeline, lambda: force_keyframe_at(encoder))
        self._publishers[Stream.AUDIO].listen(self._pipeline)
        self._pipeline.play()
        self._report(
            Report(
                WorkerState.LIVE,
                detail=MappingProxyType({"video": {"passthrough": False, "why": "made here"}, "audio": {}}),
            )
        )

    async def apply(self, spec: Json) -> None:
        await self.close()
        await self.start(spec)

    async def stats(self) -> Json:
        out: Json = {}
        for stream, publisher in self._publishers.items():
            fps, bitrate = publisher.flow.rates(now_ns())
            out[stream.value] = {
                "units": publisher.flow.units,
                "fps": round(fps, 2),
                "bitrate": round(bitrate),
                "readers": publisher.readers,
                "silent_s": publisher.flow.silent_for_s(now_ns()),
            }
        return {"paths": {self._path: out}}

    def calls(self) -> Mapping[str, Handler]:
        return {}

    async def close(self) -> None:
        if self._pipeline is not None:
            await asyncio.shield(self._pipeline.close())
        for publisher in self._publishers.values():
            await publisher.close()

    def _on_message(self, message: Any) -> None:
        pass
