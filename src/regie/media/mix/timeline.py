"""Properties that follow a timeline in native code: what changes, changes with the frame of its time.

A value set for a time is put into the element by the thread that makes the frame, so that everything that is
to change with one frame does, however many properties it takes.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import gi

gi.require_version("GstController", "1.0")
from gi.repository import GstController  # noqa: E402

KEEP_NS = 1_000_000_000  # the frames of this long may still be in the making


class Fader:
    """One property of one element or pad. Values are straight lines between points in time."""

    def __init__(self, target: Any, name: str, value: float) -> None:
        self._source = GstController.InterpolationControlSource()
        self._source.set_property("mode", GstController.InterpolationMode.LINEAR)
        binding = GstController.DirectControlBinding.new_absolute(target, name, self._source)
        self._points: list[tuple[int, float]] = [(0, value)]
        self._source.set(0, value)
        target.add_control_binding(binding)
        target.set_property(name, _typed(target, name, value))

    def value_at(self, time_ns: int) -> float:
        index = bisect_right(self._points, (time_ns, float("inf")))
        if index == len(self._points):
            return self._points[-1][1]
        (start, low), (end, high) = self._points[max(index - 1, 0)], self._points[index]
        return low if end == start else low + (high - low) * (time_ns - start) / (end - start)

    def set(self, value: float, at_ns: int) -> None:
        """This value from then on, whatever was planned."""
        self.follow([(at_ns, value)])

    def ramp(self, value: float, at_ns: int, ramp_ns: int) -> None:
        """To this value, evenly, from what it is by then."""
        now = self.value_at(at_ns)
        if now != value or self._points[-1][1] != value:
            self.follow([(at_ns, now), (at_ns + ramp_ns, value)])

    def follow(self, points: Iterable[tuple[int, float]]) -> None:
        """This course from its first point on, whatever was planned; until then all stays as it was."""
        points = list(points)
        start_ns = points[0][0]
        before = self.value_at(start_ns - 1)
        if len(points) == 1 and before == points[0][1] and self._points[-1][0] < start_ns:
            return
        old = self._points
        kept = [point for point in old if point[0] < start_ns - 1]
        recent = bisect_right(kept, (start_ns - KEEP_NS, float("inf")))
        kept = kept[max(recent - 1, 0) :]
        self._points = [*kept, (start_ns - 1, before), *points]
        for time_ns, value in self._points[len(kept) :]:
            self._source.set(time_ns, value)
        times = {time_ns for time_ns, _ in self._points}
        for time_ns, _ in old:
            if time_ns not in times:
                self._source.unset(time_ns)


def _typed(target: Any, name: str, value: float) -> float | int:
    return value if target.find_property(name).value_type.name in ("gdouble", "gfloat") else round(value)
