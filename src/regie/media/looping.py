"""A file played over and over: when every stream of it has ended, it is opened anew, later by its length."""

import threading
from collections.abc import Callable
from typing import Any

from regie.hub.gst import Gst
from regie.hub.paths import Stream

FALLBACK_DURATION_NS = 33_333_333


class FileLoop:
    """Shifts each round of a file to where the last one ended, and says when the next one is due.

    Rounds are as long as their video, so that frames follow each other evenly across the seam; sound that is
    longer is cut there by the normaliser, and sound that is shorter is followed by silence.
    """

    def __init__(self, start_ns: int, on_end: Callable[[], None]) -> None:
        self._offset_ns = start_ns
        self._on_end = on_end
        self._spans: dict[Stream, tuple[int, int]] = {}  # running times of the file itself: first and end
        self._lock = threading.Lock()  # each stream of the file has a thread of its own
        self._taken: set[Stream] = set()  # in this round
        self._open: set[Stream] = set()  # of them, those that have not ended
        self._ended = False

    def watch(self, stream: Stream, pad: Any) -> None:
        """Follow a pad of the file, in the thread that added it."""
        with self._lock:
            self._taken.add(stream)
            self._open.add(stream)
        pad.set_offset(self._offset_ns)
        pad.add_probe(Gst.PadProbeType.BUFFER, self._on_buffer, stream)
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event, stream)

    def took(self, stream: Stream) -> bool:
        """Whether this round has such a stream already: a file's second sound is in another language."""
        return stream in self._taken

    def next_round(self) -> None:
        reference = self._spans.get(Stream.VIDEO) or self._spans.get(Stream.AUDIO) or (0, 0)
        self._offset_ns += max(reference[1] - reference[0], FALLBACK_DURATION_NS)
        with self._lock:
            self._spans.clear()
            self._taken.clear()
            self._open.clear()
            self._ended = False

    def _on_buffer(self, pad: Any, info: Any, stream: Stream) -> Any:
        buffer = info.get_buffer()
        event = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        if event is None or buffer.pts == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.OK
        start = event.parse_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        if start == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.OK
        length = buffer.duration if buffer.duration != Gst.CLOCK_TIME_NONE else FALLBACK_DURATION_NS
        first, end = self._spans.get(stream, (start, 0))
        self._spans[stream] = min(first, start), max(end, start + length)
        return Gst.PadProbeReturn.OK

    def _on_event(self, _pad: Any, info: Any, stream: Stream) -> Any:
        if info.get_event().type != Gst.EventType.EOS:
            return Gst.PadProbeReturn.OK
        with self._lock:
            self._open.discard(stream)
            is_last = not self._open and not self._ended
            self._ended |= is_last
        if is_last:
            self._on_end()
        return Gst.PadProbeReturn.DROP
