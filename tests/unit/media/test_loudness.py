"""Against the minimum requirements of EBU Tech 3341: known sounds have known loudness."""

import numpy as np
import pytest

from regie.domain.errors import RegieError
from regie.media.loudness import Loudness, LoudnessMeter

RATE = 48_000


def tone(level_dbfs: float, seconds: float, hz: float = 997) -> bytes:
    sine = np.sin(2 * np.pi * hz * np.arange(int(RATE * seconds)) / RATE) * 10 ** (level_dbfs / 20)
    return np.repeat(sine.astype(np.float32), 2).tobytes()


def measured(*sounds: bytes) -> Loudness:
    meter = LoudnessMeter()
    for sound in sounds:
        meter.add(sound)
    loudness = meter.read()
    meter.close()
    return loudness


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_stereo_tone_is_as_many_lufs_as_its_peaks_are_dbfs(level: float) -> None:
    loudness = measured(tone(level, 20))
    assert loudness.momentary == pytest.approx(level, abs=0.1)
    assert loudness.short_term == pytest.approx(level, abs=0.1)
    assert loudness.integrated == pytest.approx(level, abs=0.1)


def test_quiet_passages_are_left_out_of_the_integrated_loudness() -> None:
    assert measured(tone(-36, 10), tone(-23, 60), tone(-36, 10)).integrated == pytest.approx(-23, abs=0.1)
    very_quiet = measured(tone(-72, 10), tone(-36, 10), tone(-23, 60), tone(-36, 10), tone(-72, 10))
    assert very_quiet.integrated == pytest.approx(-23, abs=0.1)


def test_momentary_and_short_term_forget_and_integrated_does_not() -> None:
    loudness = measured(tone(-20, 10), tone(-40, 1))
    assert loudness.momentary == pytest.approx(-40, abs=0.1)
    assert loudness.short_term == pytest.approx(-21.7, abs=0.1)  # two of three seconds at -20
    assert loudness.integrated == pytest.approx(-20, abs=0.2)


def test_what_comes_in_pieces_is_measured_as_a_whole() -> None:
    sound = tone(-23, 5)
    pieces = [sound[start : start + 7680] for start in range(0, len(sound), 7680)]
    assert measured(*pieces) == measured(sound)


def test_silence_has_no_loudness() -> None:
    assert measured(bytes(8 * RATE * 4)) == Loudness(None, None, None)
    assert measured() == Loudness(None, None, None)


def test_a_reset_begins_anew() -> None:
    meter = LoudnessMeter()
    meter.add(tone(-10, 5))
    meter.reset()
    assert meter.read() == Loudness(None, None, None)
    meter.add(tone(-23, 5))
    assert meter.read().integrated == pytest.approx(-23, abs=0.1)
    meter.close()
    meter.close()
    with pytest.raises(RegieError, match="closed"):
        meter.read()


def test_half_a_frame_is_refused() -> None:
    meter = LoudnessMeter()
    with pytest.raises(ValueError, match="whole stereo frames"):
        meter.add(b"12345")
    meter.close()
