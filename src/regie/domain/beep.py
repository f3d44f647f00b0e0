"""The beep of a test source: finds when it begins in samples of its sound."""

from collections.abc import Sequence

BLOCK_SAMPLES = 24  # half a millisecond at 48 kHz
QUIET_BLOCKS = 400  # a beep comes after at least 200 ms without one
LOUD = 0.12  # of full scale: between the level of the tone and that of the beep


def beep_onsets(samples: Sequence[float], start_ns: int, rate: int = 48_000) -> list[int]:
    """The running times in ns at which beeps begin, to half a millisecond, in samples of -1 to 1.

    One that may have begun before the first sample is left out.
    """
    onsets, quiet = [], 0
    for first in range(0, len(samples), BLOCK_SAMPLES):
        if max(abs(sample) for sample in samples[first : first + BLOCK_SAMPLES]) < LOUD:
            quiet += 1
            continue
        if quiet >= QUIET_BLOCKS:
            onsets.append(start_ns + first * 1_000_000_000 // rate)
        quiet = 0
    return onsets
