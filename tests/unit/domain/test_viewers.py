"""When a viewer's session is over, and who is still let in."""

import pytest

from regie.domain.errors import TooMany
from regie.domain.viewers import KeyframeRequests, Phase, ViewerLife, check_room


def test_a_viewer_that_never_connects_is_over_after_ten_seconds() -> None:
    life = ViewerLife(started_at=5.0)
    assert life.why_over(14.9) is None
    assert life.why_over(15.0) == "no connection within 10 s"


def test_a_silent_viewer_is_over_eight_seconds_after_it_was_last_heard() -> None:
    life = ViewerLife(started_at=0.0)
    life.on_connected(1.0)
    life.on_heard(4.0)
    assert life.why_over(11.9) is None
    assert life.why_over(12.0) == "nothing heard for 8 s"


def test_connecting_twice_changes_nothing() -> None:
    life = ViewerLife(started_at=0.0)
    life.on_connected(1.0)
    life.on_connected(7.0)
    assert life.phase is Phase.LIVE
    assert life.why_over(9.0) is not None


@pytest.mark.parametrize(("on_path", "in_all"), [(2, 2), (0, 5)])
def test_a_full_path_and_a_full_edge_let_nobody_in(on_path: int, in_all: int) -> None:
    with pytest.raises(TooMany, match="its limit"):
        check_room("src/cam1", on_path, 2, in_all, 5)


def test_there_is_room_below_both_limits() -> None:
    check_room("src/cam1", 1, 2, 4, 5)


def test_a_crowd_asks_for_one_keyframe_in_half_a_second() -> None:
    requests = KeyframeRequests()
    assert [requests.may_ask(at) for at in (0.0, 0.1, 0.49, 0.5, 0.6)] == [True, False, False, True, False]
