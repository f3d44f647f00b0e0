"""One clock: the system monotonic clock, base time zero, in every process."""

import time


def now_ns() -> int:
    """The running time of this instant in every pipeline of this machine."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
