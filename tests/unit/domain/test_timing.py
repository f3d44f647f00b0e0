"""The figures of the latency and lip-sync meter."""

from regie.domain.timing import Shown, timing

MS = 1_000_000


def frames(count: int, *, late_ms: int, shown_ms: int) -> list[Shown]:
    made = [5_000 * MS + n * 40 * MS for n in range(count)]
    return [Shown(at + shown_ms * MS, at + late_ms * MS, at) for at in made]


def test_latency_is_the_median_and_the_old_pictures_kept_for_new_readers_do_not_count() -> None:
    kept = [Shown(0, 6_000 * MS, 0)] * 5
    found = timing([*kept, *frames(100, late_ms=80, shown_ms=20)], [], 6_001 * MS)
    assert found is not None
    assert (found.latency_ms, found.latency_p95_ms, found.lip_sync_ms) == (80, 80, None)
    assert 0 < found.frames < 100


def test_a_beep_after_its_second_is_shown_is_late_and_one_before_is_early() -> None:
    shown = frames(100, late_ms=80, shown_ms=20)
    for off_ms in (-300, -25, 0, 45, 400):
        found = timing(shown, [(second * 1000 + 20 + off_ms) * MS for second in (6, 7, 8)], 0)
        assert found is not None
        assert found.lip_sync_ms == off_ms


def test_a_picture_without_a_time_has_no_timing() -> None:
    assert timing(frames(9, late_ms=80, shown_ms=20), [6_000 * MS], 0) is None
