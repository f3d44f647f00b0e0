"""One attempt at a source: from its pipeline's start to whatever ends it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from regie.domain.errors import RegieError
from regie.domain.workers import Json, WorkerState
from regie.hub.clock import now_ns
from regie.hub.gst import Gio, Gst, Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher
from regie.media.faults import Circumstances, Fault, fault_from_message
from regie.media.formats import offer_from_caps
from regie.media.leading import Lead
from regie.media.looping import FileLoop
from regie.media.normalise import B_FRAMES, Branch, Plan
from regie.media.sockets import open_udp
from regie.protocols.source import LaunchContext, SourceKind, SourceOptions

log = logging.getLogger(__name__)

CHECK_INTERVAL_S = 0.2
FIRST_CHECKS_S = 0.02  # once a stream is there: its first unit is on its way to the hub
START_PATIENCE_S = 12.0  # UDP, then TCP, then a keyframe: a slow camera needs it
STALL_S = 2.0
REBUILD_S = STALL_S + 5.0
JUMP_S = 3.0  # a picture further than this from its arrival has a clock that jumped

type Tell = Callable[[WorkerState, str], None]


@dataclass(frozen=True)
class Order:
    """What to put where."""

    run_dir: Path
    path: str
    name: str
    media_dir: Path
    kind: SourceKind
    options: SourceOptions
    transcode_because: str = ""

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(self.kind.kind, self.kind.target(self.options))


class Ingest:
    """Runs one pipeline and says when it is live, when it stalls, and why it ended."""

    def __init__(self, order: Order, tell: Tell) -> None:
        self._order = order
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._faults: asyncio.Queue[Fault | None] = asyncio.Queue()  # None: look how it goes
        self._pipeline = Pipeline("", self._on_message)
        self._input: Any = None
        self._sockets: list[Any] = []  # GSockets
        self._branches: dict[Stream, Branch] = {}
        self._declined: set[str] = set()
        self._publishers = {stream: Publisher(order.run_dir, order.path, stream) for stream in Stream}
        self._looping = FileLoop(now_ns(), self._in_loop(self._play_again)) if order.kind.is_file else None
        self._lead = Lead()
        self._replaying: asyncio.Task[None] | None = None
        self._transport = ""
        self._warned: set[tuple[str, str, int]] = set()
        self._started_ns = now_ns()
        self._arrived_ns = 0  # when the first pad came: from then on it is not the sender who is waited for
        self.was_live = False

    async def run(self) -> Fault:
        """Until something ends it."""
        self._open_input()
        await self._pipeline.play()
        while True:
            begins = self._branches and not self.was_live
            interval_s = FIRST_CHECKS_S if begins else CHECK_INTERVAL_S
            fault = None
            with contextlib.suppress(TimeoutError):
                fault = await asyncio.wait_for(self._faults.get(), interval_s)
            fault = fault or self._judged()
            if fault is not None:
                return fault

    async def close(self) -> None:
        """Raises Unavailable when the pipeline hangs: then only the end of the process helps."""
        if self._replaying is not None:
            self._replaying.cancel()
            await asyncio.gather(self._replaying, return_exceptions=True)
        await self._pipeline.close()
        for publisher in self._publishers.values():
            await publisher.close()
        for udp in self._sockets:
            udp.close()
        self._release()

    def _release(self) -> None:
        """Let go of the elements: they hold us by their probes, in circles no garbage collector sees."""
        self._input = None
        for branch in self._branches.values():
            branch.release()
        self._branches.clear()
        self._sockets.clear()
        self._pipeline.clear()

    @property
    def detail(self) -> Json:
        detail: Json = {stream.value: self._branch_detail(stream) for stream in Stream}
        if self._declined:
            detail["declined"] = sorted(self._declined)
        if self._transport:
            detail["transport"] = self._transport
        return detail

    def stats(self) -> Json:
        return {stream.value: self._stream_stats(stream) for stream in Stream}

    def graph(self) -> str:
        """The pipeline as a dot graph, without the properties of its elements: some are secret."""
        details = Gst.DebugGraphDetails.MEDIA_TYPE | Gst.DebugGraphDetails.STATES
        return str(Gst.debug_bin_to_dot_data(self._pipeline.gst, details))

    # --- the input -----------------------------------------------------------------------------------------

    def _open_input(self) -> None:
        order = self._order
        text = order.kind.launch(order.options, LaunchContext(order.name, order.media_dir, now_ns()))
        self._input = self._pipeline.add_part(text, "input")
        for name, wanted in order.kind.sockets(order.options).items():
            udp = Gio.Socket.new_from_fd(open_udp(wanted).detach())
            self._sockets.append(udp)
            element = self._input.get_by_name(name)
            element.set_property("close-socket", False)
            element.set_property("socket", udp)
        for element in list(self._input.children):
            if element.get_name().startswith("media"):
                self._watch(element)

    def _watch(self, element: Any) -> None:
        for pad in list(element.srcpads):
            self._on_pad(element, pad)
        element.connect("pad-added", self._on_pad)
        element.connect("no-more-pads", lambda _: self._in_loop(self._expect_something)())
        if element.get_factory().get_name() == "rtspsrc":
            element.connect("select-stream", self._on_select_stream)

    def _on_select_stream(self, _element: Any, _number: int, caps: Any) -> bool:
        """Only sound and picture are worth setting up: cameras also offer metadata."""
        return caps.get_structure(0).get_string("media") in ("audio", "video")

    def _on_pad(self, _element: Any, pad: Any) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        self._arrived_ns = self._arrived_ns or now_ns()
        caps = pad.get_current_caps() or pad.query_caps(None)
        if caps.is_fixed():
            self._take(pad, caps)
        else:
            pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_first_caps)

    def _on_first_caps(self, pad: Any, info: Any) -> Any:
        event = info.get_event()
        if event.type != Gst.EventType.CAPS:
            return Gst.PadProbeReturn.OK
        self._take(pad, event.parse_caps())
        return Gst.PadProbeReturn.REMOVE

    def _take(self, pad: Any, caps: Any) -> None:
        """Put what a pad carries on its way; runs in the thread that carries it."""
        try:
            self._take_or_raise(pad, caps)
        except Exception as error:
            self._on_not_built(error)

    def _on_not_built(self, error: Exception) -> None:
        """A part of the pipeline failed in one of its threads, where nobody else would hear of it."""
        if isinstance(error, RegieError):
            self._fail(Fault(error.message, lasting=True))
            return
        log.error("a part of the pipeline could not be built", exc_info=error)
        self._fail(Fault("the pipeline could not be built; see the log of this worker", lasting=True))

    def _take_or_raise(self, pad: Any, caps: Any) -> None:
        order, offer = self._order, offer_from_caps(caps)
        branch = self._branches.get(offer.format.stream) if offer.format else None
        if offer.format is None or (branch is not None and not self._may_replace(branch)):
            if offer.format is None:
                self._declined.add(offer.name)
            self._pipeline.drain(pad)
            return
        if self._looping is not None:
            self._looping.watch(offer.format.stream, pad)
        elif order.kind.is_multiplexed:
            self._lead.watch(pad)
        if branch is None:
            plan = Plan(order.kind.is_file, order.kind.is_synthetic, order.transcode_because)
            branch = Branch(
                self._pipeline,
                self._publishers[offer.format.stream],
                offer.format,
                offer.depayloader,
                plan,
                on_ready=self._in_loop(self._on_ready),
                on_b_frames=partial(self._fail, Fault(B_FRAMES, transcode=True)),
                on_fault=self._on_not_built,
            )
            self._branches[offer.format.stream] = branch
        if not branch.take(pad):
            self._fail(Fault("its format changed"))

    def _may_replace(self, branch: Branch) -> bool:
        """Whether a second pad of a kind is a file's next round or a sender that began anew, not one more."""
        if self._looping is not None:
            return not self._looping.took(branch.stream)
        silent_s = self._publishers[branch.stream].flow.silent_for_s(now_ns())
        return silent_s is not None and silent_s > 1.0

    def _on_ready(self, branch: Branch) -> None:
        if self._order.kind.kind == "rtsp":
            self._transport = "UDP" if self._has("udpsrc") else "TCP"
        self._publishers[branch.stream].listen()
        self._faults.put_nowait(None)
        log.info("%s: %s", branch.stream, branch.detail)

    def _play_again(self) -> None:
        self._replaying = self._loop.create_task(self._replay())

    async def _replay(self) -> None:
        """Every stream of the file has ended: open it anew, while what was read ahead still plays."""
        if self._looping is None:
            return
        try:
            self._looping.next_round()
            await self._pipeline.remove(self._input)
            self._open_input()
            self._input.sync_state_with_parent()
        except Exception as error:
            self._on_not_built(error)

    # --- how it goes ---------------------------------------------------------------------------------------

    def _judged(self) -> Fault | None:
        """Tell how it goes; a fault when it is not worth waiting longer."""
        main = Stream.VIDEO if Stream.VIDEO in self._branches else Stream.AUDIO
        flow = self._publishers[main].flow
        silent_s = flow.silent_for_s(now_ns())
        if silent_s is None:
            return self._judged_start()
        if silent_s >= STALL_S:
            what = "picture" if main is Stream.VIDEO else "sound"
            self._tell(WorkerState.STALLED, f"no new {what} for {STALL_S:g} s")
            return Fault(f"no new {what} for {REBUILD_S:g} s") if silent_s >= REBUILD_S else None
        late_s = (flow.last_at_ns - flow.last_pts_ns) / 1e9
        if abs(late_s) > JUMP_S:
            return Fault("it fell behind: is this machine overloaded?" if late_s > 0 else "its clock jumped")
        self.was_live = True
        self._tell(WorkerState.LIVE, "")
        return None

    def _judged_start(self) -> Fault | None:
        waits_for = self._order.kind.waits_for(self._order.options)
        if waits_for and not self._arrived_ns:
            self._tell(WorkerState.STARTING, f"waiting for {waits_for}")
            return None
        if waits_for:
            self._tell(WorkerState.STARTING, "packets come, a picture or sound does not yet")
        if now_ns() - max(self._arrived_ns if waits_for else 0, self._started_ns) <= START_PATIENCE_S * 1e9:
            return None
        if not self._branches and self._declined:
            return self._not_supported()
        if any(branch.waits_for_keyframe for branch in self._branches.values()):
            return Fault(f"packets come, but no keyframe with its parameters for {START_PATIENCE_S:g} s")
        return Fault(f"connected, but no picture or sound came for {START_PATIENCE_S:g} s")

    def _not_supported(self) -> Fault:
        return Fault(f"codec {', '.join(sorted(self._declined))} is not supported", lasting=True)

    def _expect_something(self) -> None:
        if self._branches:
            return
        if self._declined:
            self._fail(self._not_supported())
        else:
            self._fail(Fault("not a video stream: it has neither picture nor sound", lasting=True))

    def _on_message(self, message: Any) -> None:
        if message.type == Gst.MessageType.ERROR:
            self._fail(fault_from_message(message, self._order.circumstances))
        elif message.type == Gst.MessageType.WARNING:
            self._note(message)
        elif message.type == Gst.MessageType.EOS:
            self._fail(Fault(f"{self._order.circumstances.target or 'the source'} ended the stream"))

    def _note(self, message: Any) -> None:
        """Log a warning; of those that come with every picture, the first."""
        warning, debug = message.parse_warning()
        factory = message.src.get_factory() if isinstance(message.src, Gst.Element) else None
        key = (factory.get_name() if factory else "", warning.domain, warning.code)
        if key not in self._warned:
            self._warned.add(key)
            said = " ".join((debug or "").split())
            log.warning("%s: %s (%s)", message.src.get_name(), warning.message, said)

    def _fail(self, fault: Fault) -> None:
        self._loop.call_soon_threadsafe(self._faults.put_nowait, fault)

    def _in_loop[**P](self, function: Callable[P, None]) -> Callable[P, None]:
        """The function, called later in the event loop, whichever thread asks."""

        def call(*args: P.args, **kwargs: P.kwargs) -> None:
            self._loop.call_soon_threadsafe(partial(function, *args, **kwargs))

        return call

    # --- figures -------------------------------------------------------------------------------------------

    def _branch_detail(self, stream: Stream) -> Json | None:
        branch = self._branches.get(stream)
        return branch.detail if branch else None

    def _stream_stats(self, stream: Stream) -> Json | None:
        publisher = self._publishers[stream]
        flow, now = publisher.flow, now_ns()
        silent_s = flow.silent_for_s(now)
        if silent_s is None:
            return None
        rate, bitrate = flow.rates(now)
        structure = self._hub_caps(stream)
        common: Json = {
            "bitrate": round(bitrate),
            "units": flow.units,
            "readers": publisher.readers,
            "silent_s": round(silent_s, 3),
        }
        if stream is Stream.AUDIO:
            return {"codec": "Opus", "rate": 48000, "channels": 2, **common}
        return {
            "codec": "H.264",
            "profile": structure.get_string("profile") if structure else None,
            "width": structure.get_value("width") if structure else None,
            "height": structure.get_value("height") if structure else None,
            "fps": round(rate, 2),
            "keyframe_interval_s": round(flow.keyframe_interval_s, 3),
            "keyframes": flow.keyframes,
            **common,
        }

    def _hub_caps(self, stream: Stream) -> Any:
        pad = self._pipeline[f"hub_{stream}_pay"].get_static_pad("sink")
        caps = pad.get_current_caps()
        return caps.get_structure(0) if caps else None

    def _has(self, factory: str) -> bool:
        made_by = (element.get_factory() for element in self._pipeline.elements())
        return any(found is not None and found.get_name() == factory for found in made_by)
