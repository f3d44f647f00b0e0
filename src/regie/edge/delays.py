"""How long things took, over the last while."""

from collections import deque

from regie.domain.workers import Json

SAMPLES = 600  # of 30 a second: twenty seconds


class Delays:
    """The newest samples of one measure."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    def add(self, milliseconds: float) -> None:
        self._samples.append(milliseconds)

    def clear(self) -> None:
        self._samples.clear()

    def to_json(self) -> Json | None:
        if not self._samples:
            return None
        ranked = sorted(self._samples)
        return {
            "p50": round(ranked[len(ranked) // 2], 2),
            "p95": round(ranked[len(ranked) * 95 // 100], 2),
            "max": round(ranked[-1], 2),
            "samples": len(ranked),
        }
