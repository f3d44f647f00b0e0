"""Which programme frame shows a picture: the nearest, and of a source at the programme's rate one each."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.frames import FrameGrid, Snap

START_NS = 7_123_456_789
RATES = st.sampled_from([25, 30, 50, 60])


@given(RATES, st.floats(0, 1), st.lists(st.floats(-0.09, 0.09), min_size=10, max_size=200))
def test_a_trembling_source_of_any_phase_has_one_picture_for_each_frame(
    fps: int, phase: float, tremble: list[float]
) -> None:
    """But for one at most, where the first picture was the earliest or latest of all."""
    snap = Snap(FrameGrid(START_NS, fps))
    frame_ns = 1e9 / fps
    taken = [START_NS + round((n + phase + off) * frame_ns) for n, off in enumerate(tremble)]
    shown = [snap.snap(at_ns) for at_ns in taken]
    uneven = [start for (start, length), (after, _) in pairwise(shown) if after - start != length]
    assert len(uneven) <= 1
    assert max(abs(at - start) for at, (start, _) in zip(taken, shown, strict=True)) <= 0.6 * frame_ns + 1


@given(RATES, st.integers(5, 60), st.integers(0, 40_000_000))
def test_other_rates_go_on_steadily_and_stay_near(fps: int, rate: int, phase_ns: int) -> None:
    snap = Snap(FrameGrid(START_NS, fps))
    taken = [START_NS + phase_ns + n * 1_000_000_000 // rate for n in range(100)]
    shown = [snap.snap(at_ns, 1_000_000_000 // rate)[0] for at_ns in taken]
    assert all(after >= before for before, after in pairwise(shown))
    assert all(abs(at - start) <= 0.6e9 / fps + 1 for at, start in zip(taken, shown, strict=True))


def test_a_slow_sources_pictures_are_as_long_as_they_last() -> None:
    snap = Snap(FrameGrid(0, 30))
    assert snap.snap(1_000_000_000, 100_000_000) == (1_000_000_000, 100_000_000)
    assert snap.snap(1_000_000_000, 0)[1] == pytest.approx(1e9 / 30, abs=1)
