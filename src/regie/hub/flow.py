"""What flows through one stream of a path, counted at the hub and so the same for every kind of source."""

from collections import deque
from dataclasses import dataclass, field

WINDOW_NS = 3_000_000_000


@dataclass
class Flow:
    """Counters of one stream, fed by the streaming thread and read by any other (single writer)."""

    units: int = 0
    bytes: int = 0
    keyframes: int = 0
    last_pts_ns: int = 0
    last_at_ns: int = 0  # when the newest unit reached the hub; 0 before the first
    keyframe_interval_s: float = 0.0
    _last_keyframe_pts_ns: int = 0
    _window: deque[tuple[int, int, int]] = field(
        default_factory=lambda: deque(maxlen=1024)
    )  # arrival, PTS, bytes

    def on_unit(self, pts_ns: int, size: int, now_ns: int) -> None:
        self.units += 1
        self.bytes += size
        self.last_pts_ns, self.last_at_ns = pts_ns, now_ns
        self._window.append((now_ns, pts_ns, size))

    def on_keyframe(self, pts_ns: int) -> None:
        if self.keyframes and pts_ns > self._last_keyframe_pts_ns:
            self.keyframe_interval_s = (pts_ns - self._last_keyframe_pts_ns) / 1e9
        self.keyframes += 1
        self._last_keyframe_pts_ns = pts_ns

    def silent_for_s(self, now_ns: int) -> float | None:
        """Seconds since the newest unit; None when there was none yet."""
        return max(0, now_ns - self.last_at_ns) / 1e9 if self.last_at_ns else None

    def rates(self, now_ns: int) -> tuple[float, float]:
        """Units and bits per second over the last three seconds.

        Counted by their own times: what comes in a burst, as at the start, is no faster than it was taken.
        What is overdue lowers the rates.
        """
        recent = [(pts, size) for at, pts, size in self._window.copy() if now_ns - at <= WINDOW_NS]
        times = [pts for pts, _ in recent]
        if not times or max(times) == min(times):
            return 0.0, 0.0
        steps, span_ns = len(times) - 1, max(times) - min(times)
        overdue_ns = max(0, now_ns - self.last_at_ns - span_ns // steps)
        rate = steps * 1e9 / (span_ns + overdue_ns)
        return rate, rate * 8 * sum(size for _, size in recent) / len(recent)
