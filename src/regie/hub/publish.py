"""The writing end of a hub socket: a fragment of pipeline text, and the listener that feeds it readers."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regie.domain.h264 import first_sps
from regie.hub.clock import now_ns
from regie.hub.flow import Flow
from regie.hub.gst import Gio, Gst, GstVideo, Pipeline
from regie.hub.paths import Stream, socket_file
from regie.hub.vital import vital
from regie.hub.wire import HEADER_BYTES, header_from_bytes

KEYFRAME_REQUEST_INTERVAL_S = 0.5  # requests closer together than this are one
SEND_BUFFER_BYTES = 1024 * 1024
PARAMETERS_BYTES = 4096  # within these of a keyframe are its parameter sets
OPUS_CAPS = "audio/x-opus,rate=48000,channels=2,channel-mapping-family=0"
_DROPPED = {Stream.VIDEO: 0, Stream.AUDIO: "header"}  # Ogg's header packets are no sound


def writer_text(stream: Stream, name: str = "hub") -> str:
    """The end of a branch that carries encoded units: from here they are on the hub.

    Where a pipeline writes several paths, each needs a `name` of its own.

    A new reader starts at the newest keyframe of the last twelve seconds; one that falls 300 units (10 s of
    video) behind is moved to the newest keyframe, and nobody waits for it.
    """
    burst = (
        "sync-method=latest-keyframe time-min=12000000000" if stream is Stream.VIDEO else "sync-method=latest"
    )
    plain = f" ! capssetter replace=true caps={OPUS_CAPS}" if stream is Stream.AUDIO else ""
    return (
        f"identity name={name}_{stream}_in single-segment=true drop-buffer-flags={_DROPPED[stream]}{plain} ! "
        f"gdppay name={name}_{stream}_pay ! "
        f"multisocketsink name={name}_{stream} {burst} recover-policy=keyframe "
        "units-soft-max=300 units-max=600 send-messages=true sync=false async=false qos=false"
    )


class Publisher:
    """Listens on a path's socket and hands every reader to the pipeline's multisocketsink."""

    def __init__(self, run_dir: Path, path: str, stream: Stream, name: str = "hub") -> None:
        self.stream = stream
        self._name = f"{name}_{stream}"
        self._file = socket_file(run_dir, path, stream)
        self._loop = asyncio.get_running_loop()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._sink: Any = None
        self._readers: set[Any] = set()  # GSockets, kept alive while the sink uses them
        self._keyframe_asked_at = 0.0
        self._closed = False
        self.flow = Flow()

    @property
    def readers(self) -> int:
        return int(self._sink.get_property("num-handles")) if self._sink is not None else 0

    def attach(self, pipeline: Pipeline, force_keyframe: Callable[[], None] | None = None) -> None:
        """Watch what the pipeline writes: before data flows, in any thread. `listen` follows, in the loop."""
        self._sink = pipeline[self._name]
        self._sink.set_state(Gst.State.READY)  # before that it takes no readers
        self._sink.connect("client-socket-removed", self._on_removed)
        pad = pipeline[f"{self._name}_pay"].get_static_pad("src")
        pad.add_probe(Gst.PadProbeType.BUFFER, self._on_packet)
        pad.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, self._on_upstream_event, force_keyframe)
        into = pipeline[f"{self._name}_pay"].get_static_pad("sink")
        into.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _only_what_readers_need)
        if self.stream is Stream.VIDEO:
            into.add_probe(Gst.PadProbeType.BUFFER, _mark_what_no_reader_can_start_at)

    def listen(
        self, pipeline: Pipeline | None = None, force_keyframe: Callable[[], None] | None = None
    ) -> None:
        """Serve readers from now on; with a pipeline, attach to it first. Once closed, nothing is served."""
        if self._closed:
            return  # the call was on its way from a thread of the pipeline when that was closed
        if pipeline is not None:
            self.attach(pipeline, force_keyframe)
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        fresh = self._file.with_suffix(f".{os.getpid()}")
        fresh.unlink(missing_ok=True)
        listener.bind(str(fresh))
        listener.listen(64)
        fresh.rename(self._file)  # readers find either the old socket or one that already listens
        self._listener = listener
        serving = self._loop.create_task(self._accept(listener), name=f"serving {self._file}")
        self._accepting = vital(serving)

    async def close(self) -> None:
        """Stop listening and hang up, for good; the pipeline should be stopped first."""
        self._closed = True
        if self._accepting is not None:
            self._accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._accepting
            self._accepting = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._file.unlink(missing_ok=True)
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        self._sink = None

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            reader, _ = await self._loop.sock_accept(listener)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            gsocket = Gio.Socket.new_from_fd(reader.detach())
            self._readers.add(gsocket)
            self._sink.emit("add", gsocket)

    def _on_packet(self, _pad: Any, info: Any) -> Any:
        """Count each unit, and mark what no reader can start at: gdppay loses that flag."""
        packet = info.get_buffer()
        header = header_from_bytes(packet.extract_dup(0, HEADER_BYTES))
        if header.is_unit and not header.pts_ns:
            return Gst.PadProbeReturn.DROP  # no time, no place: nobody could use it
        if header.is_keyframe:
            self.flow.on_keyframe(header.pts_ns)
        else:
            packet.set_flags(Gst.BufferFlags.DELTA_UNIT)
        if header.is_unit:
            self.flow.on_unit(header.pts_ns, header.length, now_ns())
        return Gst.PadProbeReturn.OK

    def _on_removed(self, _sink: Any, gsocket: Any) -> None:
        self._loop.call_soon_threadsafe(self._forget, gsocket)

    def _forget(self, gsocket: Any) -> None:
        if gsocket in self._readers:
            self._readers.discard(gsocket)
            gsocket.close()

    def _on_upstream_event(self, _pad: Any, info: Any, force_keyframe: Callable[[], None] | None) -> Any:
        structure = info.get_event().get_structure()
        if structure is None or structure.get_name() != "GstNetworkMessage":
            return Gst.PadProbeReturn.OK
        if force_keyframe is not None:
            self._loop.call_soon_threadsafe(self._ask_keyframe, force_keyframe)
        return Gst.PadProbeReturn.DROP

    def _ask_keyframe(self, force_keyframe: Callable[[], None]) -> None:
        now = time.monotonic()
        if now - self._keyframe_asked_at >= KEYFRAME_REQUEST_INTERVAL_S:
            self._keyframe_asked_at = now
            force_keyframe()


def _mark_what_no_reader_can_start_at(_pad: Any, info: Any) -> Any:
    """h264parse takes an I picture for a keyframe; without parameter sets nobody can begin with it."""
    unit = info.get_buffer()
    if not unit.has_flags(Gst.BufferFlags.DELTA_UNIT):
        start = unit.extract_dup(0, min(unit.get_size(), PARAMETERS_BYTES))
        if first_sps(start) is None:
            unit.set_flags(Gst.BufferFlags.DELTA_UNIT)
    return Gst.PadProbeReturn.OK


def _only_what_readers_need(_pad: Any, info: Any) -> Any:
    """Tags and the like would make gdppay repeat the caps to every reader, several times a second."""
    wanted = info.get_event().type in (
        Gst.EventType.STREAM_START,
        Gst.EventType.CAPS,
        Gst.EventType.SEGMENT,
        Gst.EventType.EOS,
    )
    return Gst.PadProbeReturn.OK if wanted else Gst.PadProbeReturn.DROP


def force_keyframe_at(element: Any) -> None:
    """Make an encoder begin a new group of pictures with its next frame."""
    pad = element.get_static_pad("src")
    pad.send_event(GstVideo.video_event_new_upstream_force_key_unit(Gst.CLOCK_TIME_NONE, True, 0))
