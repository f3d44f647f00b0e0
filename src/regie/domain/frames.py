"""The frames of a programme, and which of them shows a picture that was taken at any time."""

SECOND_NS = 1_000_000_000
STEADY = 0.6  # of a frame: a picture this near to the frame after the last one's is that frame's


class FrameGrid:
    """Frames at an even rate from a start on."""

    def __init__(self, start_ns: int, fps: int) -> None:
        self._start_ns, self.fps = start_ns, fps

    def time_ns(self, number: int) -> int:
        return self._start_ns + number * SECOND_NS // self.fps

    def place(self, at_ns: int) -> float:
        """Where a time stands, in frames."""
        return (at_ns - self._start_ns) * self.fps / SECOND_NS


class Snap:
    """Gives each picture of a source the time of one frame.

    A compositor takes any picture that overlaps a frame, so one that lies across two may be shown by either,
    and its lip-sync with it. A source that keeps the programme's rate has one picture for each frame, though
    its clock be half a frame off and tremble.
    """

    def __init__(self, grid: FrameGrid) -> None:
        self._grid = grid
        self._last = 0

    def snap(self, at_ns: int, duration_ns: int = 0) -> tuple[int, int]:
        """The time and length, of whole frames, for a picture."""
        place = self._grid.place(at_ns)
        number = self._last + 1
        if abs(place - number) > STEADY:
            number = round(place)
        self._last = number
        start_ns = self._grid.time_ns(number)
        frames = max(1, round(duration_ns * self._grid.fps / SECOND_NS))
        return start_ns, self._grid.time_ns(number + frames) - start_ns
