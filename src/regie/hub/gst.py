"""GStreamer as every worker uses it: on the one clock, and never waited for without a deadline."""

# gi.require_version must come before the import of gi.repository, hence the order below.
import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib, Gst, GstVideo  # noqa: E402

from regie.domain.errors import RegieError, Unavailable  # noqa: E402

__all__ = ["GLib", "Gio", "Gst", "GstVideo", "Pipeline"]

Gst.init(None)

STATE_TIMEOUT_S = 5.0

type OnMessage = Callable[[Any], None]


class Pipeline:
    """A pipeline on the monotonic clock with base time zero, whose bus messages arrive in the event loop.

    `on_message(message)` is called in the loop for errors, warnings, EOS, element and state messages of the
    pipeline itself. `close()` is bounded: a pipeline that cannot stop is reported by raising Unavailable, and
    the worker must then end itself; the engine starts it anew.
    """

    def __init__(self, text: str, on_message: OnMessage) -> None:
        try:
            self.gst = Gst.parse_launch(text) if text else Gst.Pipeline.new(None)
        except GLib.Error as error:
            raise RegieError(f"the pipeline cannot be built: {_missing(error)}") from None
        if not isinstance(self.gst, Gst.Pipeline):
            pipeline = Gst.Pipeline.new(None)
            pipeline.add(self.gst)
            self.gst = pipeline
        self.gst.use_clock(Gst.SystemClock.obtain())
        self.gst.set_start_time(Gst.CLOCK_TIME_NONE)
        self.gst.set_base_time(0)
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._bus = self.gst.get_bus()
        self._closed = threading.Event()
        self._popper = threading.Thread(target=self._pop_messages, name="bus", daemon=True)
        self._popper.start()

    def __getitem__(self, name: str) -> Any:
        element = self.gst.get_by_name(name)
        if element is None:
            raise KeyError(name)
        return element

    def add(self, text: str, name: str) -> Any:
        """Add a bin made from text, whose unlinked pads become the bin's. Its state is still to be set."""
        return self._add(text, name, ghost_pads=True)

    def add_part(self, text: str, name: str) -> Any:
        """Add a bin made from text, whose pads stay where they are: for elements that add pads as they go."""
        return self._add(text, name, ghost_pads=False)

    def _add(self, text: str, name: str, *, ghost_pads: bool) -> Any:
        try:
            added = Gst.parse_bin_from_description(text, ghost_pads)
        except GLib.Error as error:
            raise RegieError(
                f"the part {name!r} of the pipeline cannot be built: {_missing(error)}"
            ) from None
        added.set_name(name)
        self.gst.add(added)
        return added

    def drain(self, pad: Any) -> None:
        """Let what a pad carries run off."""
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("async", False)
        sink.set_property("sync", False)
        self.gst.add(sink)
        sink.sync_state_with_parent()
        pad.link_maybe_ghosting(sink.get_static_pad("sink"))

    def remove(self, part: Any) -> None:
        """Take a part out whose streams have ended."""
        part.set_locked_state(True)
        part.set_state(Gst.State.NULL)
        self.gst.remove(part)

    def elements(self, of: Any = None) -> Iterator[Any]:
        """Every element in here, those in bins too."""
        for element in list((of or self.gst).children):
            yield element
            if isinstance(element, Gst.Bin):
                yield from self.elements(element)

    def play(self) -> None:
        """Start; failures arrive as bus messages, which say more than the return value does."""
        self.gst.set_state(Gst.State.PLAYING)

    async def close(self, timeout_s: float = STATE_TIMEOUT_S) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        stopping = threading.Thread(target=self.gst.set_state, args=(Gst.State.NULL,), daemon=True)
        stopping.start()
        deadline = self._loop.time() + timeout_s
        while stopping.is_alive():
            if self._loop.time() > deadline:
                raise Unavailable(f"the pipeline did not stop within {timeout_s:g} s")
            await asyncio.sleep(0.01)
        self._popper.join(1.0)

    def _pop_messages(self) -> None:
        wanted = (
            Gst.MessageType.ERROR
            | Gst.MessageType.WARNING
            | Gst.MessageType.EOS
            | Gst.MessageType.ELEMENT
            | Gst.MessageType.STATE_CHANGED
            | Gst.MessageType.LATENCY
            | Gst.MessageType.SEGMENT_DONE
        )
        while not self._closed.is_set():
            message = self._bus.timed_pop_filtered(200 * Gst.MSECOND, wanted)
            if message is None:
                continue
            if message.type == Gst.MessageType.LATENCY:
                self.gst.recalculate_latency()
            elif message.type != Gst.MessageType.STATE_CHANGED or message.src is self.gst:
                self._loop.call_soon_threadsafe(self._deliver, message)

    def _deliver(self, message: Any) -> None:
        if not self._closed.is_set():
            self._on_message(message)


def _missing(error: Any) -> str:
    """What a parser's error may tell: never the values of properties, some of which are secret."""
    if error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
        return f"{error.message}; a GStreamer plug-in is not installed"
    return "a part of it is not accepted by this version of GStreamer"
