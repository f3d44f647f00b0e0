from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from regie.domain.watchdog import Alarm, Kind, Limits, PictureWatch, SoundWatch, words

TICK = 0.05
LIMITS = Limits(silence_s=10, one_sided_s=10)
DEAD = -60.0

levels = st.floats(-60, 6)
sounds = st.lists(st.tuples(levels, levels, st.booleans(), st.integers(1, 300)), max_size=8)


def heard(
    watch: SoundWatch, left: float, right: float, start: float, seconds: float
) -> list[tuple[float, Alarm]]:
    ticks = [start + number * TICK for number in range(round(seconds / TICK))]
    return [(round(now, 2), alarm) for now in ticks for alarm in watch.hear(left, right, now)]


def test_ten_seconds_of_silence_are_told_once_and_called_off_with_the_first_sound() -> None:
    watch = SoundWatch(LIMITS)
    assert heard(watch, -20, -20, 0, 5) == []
    assert heard(watch, DEAD, DEAD, 5, 30) == [(15.0, Alarm(Kind.SILENCE, True))]
    assert heard(watch, -50, -50, 35, 1) == [(35.0, Alarm(Kind.SILENCE, False))]


def test_a_pause_in_speech_is_no_silence() -> None:
    watch = SoundWatch(LIMITS)
    for second in range(0, 100, 10):
        assert heard(watch, DEAD, DEAD, second, 9) == []
        assert heard(watch, -25, -25, second + 9, 1) == []


def test_where_no_sound_is_expected_nothing_is_warned_of_and_what_was_is_called_off() -> None:
    watch = SoundWatch(LIMITS)
    heard(watch, DEAD, DEAD, 0, 11)
    assert watch.hear(DEAD, DEAD, 11, expected=False) == [Alarm(Kind.SILENCE, False)]
    assert watch.hear(DEAD, DEAD, 30, expected=False) == []
    assert watch.hear(DEAD, DEAD, 31) == []  # the ten seconds begin when sound is expected again
    assert watch.hear(DEAD, DEAD, 41) == [Alarm(Kind.SILENCE, True)]


def test_one_loud_peak_is_an_accident_and_three_are_clipping() -> None:
    watch = SoundWatch(LIMITS)
    assert watch.hear(0.0, -3, 1) == []
    assert watch.hear(-3, -3, 1.5) == []
    assert watch.hear(0.0, -3, 5) == []
    assert watch.hear(-0.1, -3, 6) == []
    assert watch.hear(-3, 1.5, 7) == [Alarm(Kind.CLIPPING, True)]
    assert watch.hear(-3, -3, 9.9) == []
    assert watch.hear(-3, -3, 10) == [Alarm(Kind.CLIPPING, False)]


def test_one_clip_a_second_keeps_the_warning_on() -> None:
    watch = SoundWatch(LIMITS)
    told = [alarm for now in range(60) for alarm in watch.hear(0, 0, float(now))]
    assert told == [Alarm(Kind.CLIPPING, True)]


def test_a_side_that_is_dead_while_the_other_speaks_is_told() -> None:
    for left, right in ((-20.0, DEAD), (DEAD, -20.0)):
        watch = SoundWatch(LIMITS)
        assert heard(watch, left, right, 0, 30) == [(10.0, Alarm(Kind.ONE_SIDED, True))]
        assert heard(watch, -20, -20, 30, 1) == [(30.0, Alarm(Kind.ONE_SIDED, False))]


def test_pauses_of_the_one_that_speaks_do_not_hide_the_dead_side() -> None:
    watch = SoundWatch(LIMITS)
    told = [
        entry
        for second in range(0, 16, 4)
        for entry in heard(watch, -20, DEAD, second, 2) + heard(watch, DEAD, DEAD, second + 2, 2)
    ]
    assert told == [(10.0, Alarm(Kind.ONE_SIDED, True))]


def test_one_noise_on_one_side_in_long_silence_is_not_one_sided() -> None:
    watch = SoundWatch(LIMITS)
    kinds = [entry[1].kind for entry in heard(watch, -20, DEAD, 0, 1) + heard(watch, DEAD, DEAD, 1, 20)]
    kinds += [entry[1].kind for entry in heard(watch, -20, DEAD, 21, 5)]
    assert kinds == [Kind.SILENCE, Kind.SILENCE]  # on and off


@settings(deadline=None, max_examples=40)
@given(sounds)
def test_every_warning_is_turned_on_before_it_is_turned_off_and_both_once(
    course: list[tuple[float, float, bool, int]],
) -> None:
    watch, now, told = SoundWatch(LIMITS), 0.0, []
    for left, right, expected, ticks in course:
        for _ in range(ticks):
            now += TICK
            told += watch.hear(left, right, now, expected=expected)
    for kind in Kind:
        states = [False, *(alarm.on for alarm in told if alarm.kind is kind)]
        assert all(before != after for before, after in pairwise(states))


@settings(deadline=None, max_examples=40)
@given(sounds)
def test_silence_is_warned_of_exactly_while_it_has_lasted_long_enough(
    course: list[tuple[float, float, bool, int]],
) -> None:
    watch, now, is_on, quiet_since = SoundWatch(LIMITS), 0, False, None
    for left, right, expected, ticks in course:
        for _ in range(ticks):
            now += 1
            for alarm in watch.hear(left, right, float(now), expected=expected):
                is_on = alarm.on if alarm.kind is Kind.SILENCE else is_on
            quiet = expected and max(left, right) <= DEAD
            quiet_since = (now if quiet_since is None else quiet_since) if quiet else None
            assert is_on == (quiet_since is not None and now - quiet_since >= LIMITS.silence_s)


def test_a_picture_that_stands_still_is_told_after_its_time_and_called_off_when_it_moves() -> None:
    watch = PictureWatch()
    told = [(now, alarm) for now in range(30) for alarm in watch.see(now, changed=now in (0, 20), limit_s=5)]
    assert told == [
        (6, Alarm(Kind.FROZEN, True)),
        (20, Alarm(Kind.FROZEN, False)),
        (26, Alarm(Kind.FROZEN, True)),
    ]
    assert watch.see(31, changed=False, limit_s=0) == [Alarm(Kind.FROZEN, False)]  # switched off
    assert watch.see(100, changed=False, limit_s=0) == []


def test_words_say_what_is_wrong_and_what_to_do() -> None:
    for kind in Kind:
        for source in ("Stage", None):
            text, hint = words(kind, source, 10)
            assert (source or "programme") in text
            assert len(hint) > 10
    assert words(Kind.SILENCE, None, 10)[0] == "the programme is silent for 10 s"
