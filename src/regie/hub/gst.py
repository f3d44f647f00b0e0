"""GStreamer as every worker uses it: on the one clock, and never waited for without a deadline."""

# gi.require_version must come before the import of gi.repository, hence the order below.
import asyncio
import threading
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib, Gst, GstVideo  # noqa: E402

from regie.domain.errors import RegieError, Unavailable  # noqa: E402

__all__ = ["GLib", "Gio", "Gst", "GstVideo", "Pipeline"]

Gst.init(None)

START_TIMEOUT_S = 10.0  # a device may take its time to open
STATE_TIMEOUT_S = 5.0

type OnMessage = Callable[[Any], None]


class Pipeline:
    """A pipeline on the monotonic clock with base time zero, whose bus messages arrive in the event loop.

    `on_message(message)` is called in the loop for errors, warnings, EOS and element messages. States are set
    in threads, as native code may hang: what takes too long is reported by raising Unavailable. When that is
    `close()`, the worker must end itself; the engine starts it anew.
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
        self._found: dict[str, Any] = {}
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._bus = self.gst.get_bus()
        self._closed = threading.Event()
        self._playing: asyncio.Task[None] | None = None
        self._popper = threading.Thread(target=self._pop_messages, name="bus", daemon=True)
        self._popper.start()

    def __getitem__(self, name: str) -> Any:
        """The element of this name. Found once: a search looks at every element there is."""
        element = self._found.get(name)
        if element is None:
            element = self._found[name] = self.gst.get_by_name(name)
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
        """Let what a pad carries run off, into a sink that lives as long as the part the pad is in."""
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("async", False)
        sink.set_property("sync", False)
        pad.get_parent_element().get_parent().add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    async def remove(self, part: Any) -> None:
        """Take a part out whose streams have ended. Raises Unavailable when it hangs."""
        part.set_locked_state(True)
        await self._until_done([_state_setter(part, Gst.State.NULL)], STATE_TIMEOUT_S, "a part of it to stop")
        self._found.clear()
        self.gst.remove(part)

    def elements(self) -> list[Any]:
        """Every element in here, those in bins too; they may change meanwhile."""
        iterator = self.gst.iterate_recurse()
        found: list[Any] = []
        while iterator.foreach(found.append) == Gst.IteratorResult.RESYNC:
            iterator.resync()
            found.clear()
        return found

    def play(self, timeout_s: float = START_TIMEOUT_S) -> asyncio.Task[None]:
        """Start; failures arrive as bus messages, which say more than a return value does.

        Whoever awaits it gets Unavailable when it hangs.
        """
        starting = [_state_setter(self.gst, Gst.State.PLAYING)]
        self._playing = self._loop.create_task(self._until_done(starting, timeout_s, "it to start"))
        return self._playing

    async def close(self, timeout_s: float = STATE_TIMEOUT_S) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        stopping = _state_setter(self.gst, Gst.State.NULL)
        await self._until_done([stopping, self._popper], timeout_s, "it to stop")

    def clear(self) -> None:
        """Let go of every element, once closed: with them go the probes and handlers that hold others."""
        self._found.clear()
        for element in list(self.gst.children):
            self.gst.remove(element)

    async def _until_done(self, threads: list[threading.Thread], timeout_s: float, what: str) -> None:
        deadline = self._loop.time() + timeout_s
        while any(thread.is_alive() for thread in threads):
            if self._loop.time() > deadline:
                raise Unavailable(f"the pipeline hangs: {timeout_s:g} s were not enough for {what}")
            await asyncio.sleep(0.005)

    def _pop_messages(self) -> None:
        wanted = (
            Gst.MessageType.ERROR
            | Gst.MessageType.WARNING
            | Gst.MessageType.EOS
            | Gst.MessageType.ELEMENT
            | Gst.MessageType.LATENCY
        )
        while not self._closed.is_set():
            message = self._bus.timed_pop_filtered(200 * Gst.MSECOND, wanted)
            if message is None:
                continue
            if message.type == Gst.MessageType.LATENCY:
                self.gst.recalculate_latency()
            else:
                self._loop.call_soon_threadsafe(self._deliver, message)

    def _deliver(self, message: Any) -> None:
        if not self._closed.is_set():
            self._on_message(message)


def _state_setter(element: Any, state: Any) -> threading.Thread:
    """A thread that sets a state, begun."""
    thread = threading.Thread(target=element.set_state, args=(state,), name=f"to {state}", daemon=True)
    thread.start()
    return thread


def _missing(error: Any) -> str:
    """What a parser's error may tell: never the values of properties, some of which are secret."""
    if error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
        return f"{error.message}; a GStreamer plug-in is not installed"
    return "a part of it is not accepted by this version of GStreamer"
