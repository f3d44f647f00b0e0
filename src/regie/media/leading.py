"""Senders that multiplex stamp what they send with when it is due at the receiver, up to a second from now.

On the hub a time is when a picture was taken, so all streams of such a sender are set back alike, by what the
first of them leads its arrival.
"""

from typing import Any

from regie.hub.clock import now_ns
from regie.hub.gst import Gst


class Lead:
    """What the streams of one sender are set back by: found with the first unit of any of them."""

    def __init__(self) -> None:
        self._lead_ns: int | None = None

    def watch(self, pad: Any) -> None:
        pad.add_probe(Gst.PadProbeType.BLOCK | Gst.PadProbeType.BUFFER, self._on_first_unit)

    def _on_first_unit(self, pad: Any, info: Any) -> Any:
        event, pts = pad.get_sticky_event(Gst.EventType.SEGMENT, 0), info.get_buffer().pts
        if event is None or pts == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.PASS  # look at the next one
        if self._lead_ns is None:
            due_ns = event.parse_segment().to_running_time(Gst.Format.TIME, pts)
            self._lead_ns = max(0, due_ns - now_ns())
        pad.set_offset(-self._lead_ns)
        return Gst.PadProbeReturn.REMOVE
