"""How long a source waits before it is tried again."""

from regie.media.faults import Fault
from regie.media.source import Backoff

GONE, LASTING = Fault("gone"), Fault("wrong password", lasting=True)


def test_waits_grow_to_ten_seconds() -> None:
    backoff = Backoff()
    waits = [backoff.after(GONE, was_live=False) for _ in range(7)]
    assert waits == [0.5, 1, 2, 4, 8, 10, 10]


def test_a_source_that_was_live_is_tried_at_once_again() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(GONE, was_live=False)
    assert backoff.after(GONE, was_live=True) == 0.5


def test_what_does_not_come_right_by_itself_is_tried_slowly() -> None:
    assert Backoff().after(LASTING, was_live=False) == 30
