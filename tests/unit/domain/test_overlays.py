"""Overlays: which values a field takes, what a clock and a countdown read, and which layer each has."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.errors import Invalid
from regie.domain.overlays import (
    MAX_OVERLAYS,
    TEMPLATES,
    Animation,
    Box,
    Overlay,
    layered,
    target_time,
    way_in,
    words,
)

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
CANVAS = (1280, 720)


def test_two_families_have_every_kind_and_every_default_is_a_value_its_field_takes() -> None:
    kinds = {
        family: {t.kind for t in TEMPLATES.values() if t.family == family} for family in ("Clean", "Bold")
    }
    assert kinds["Clean"] == kinds["Bold"]
    assert {t.kind.value for t in TEMPLATES.values()} == {
        "still", "lower-third", "title", "clock", "countdown", "ticker", "score",
    }  # fmt: skip
    for template in TEMPLATES.values():
        defaults = {field.name: field.default for field in template.fields}
        assert Overlay("a", "A", template.id, defaults).values == Overlay("a", "A", template.id).values


@pytest.mark.parametrize(
    ("template", "name", "value"),
    [
        ("clean/lower-third", "nobody", "x"),
        ("clean/lower-third", "name", "x" * 201),
        ("clean/lower-third", "name", "two\nlines"),
        ("clean/lower-third", "name", "nul\0"),
        ("clean/lower-third", "name", "half \ud83d"),
        ("clean/lower-third", "accent", "red"),
        ("clean/lower-third", "accent", '#fff"/><script'),
        ("clean/score", "home_score", "many"),
        ("clean/score", "home_score", "1e9"),
        ("clean/ticker", "speed", "0"),
        ("clean/ticker", "speed", "-5"),
        ("clean/countdown", "until", "25:00"),
        ("clean/countdown", "until", "soon"),
        ("plain/still", "still", "../../etc/passwd"),
        ("plain/still", "width", "0"),
    ],
)
def test_a_value_that_its_field_cannot_show_is_refused(template: str, name: str, value: str) -> None:
    with pytest.raises(Invalid):
        Overlay("a", "A", template, {name: value})


@pytest.mark.parametrize(
    "wrong", [{"id": "A/b"}, {"id": ""}, {"template": "no/such"}, {"duration_ms": 0}, {"duration_ms": 10**6}]
)
def test_an_overlay_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    good: dict[str, object] = {"id": "a", "name": "A", "template": "clean/clock"}
    with pytest.raises(Invalid):
        Overlay(**{**good, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("until", "reads"),
    [
        ("12:05", "5:00"),
        ("12:00:01", "0:01"),
        ("14:00", "2:00:00"),
        ("11:59", "Now"),
        ("00:30", "Now"),
        ("2026-06-01T12:10", "10:00"),
        ("2026-06-01T14:10+02:00", "10:00"),
        ("2026-06-02", "12:00:00"),
        ("", "–:––"),
    ],
)
def test_a_countdown_reads_the_time_that_is_left(until: str, reads: str) -> None:
    assert words(Overlay("a", "A", "clean/countdown", {"until": until}), NOON)["time"] == reads


def test_a_countdown_over_midnight_means_tomorrow() -> None:
    late = NOON.replace(hour=23)
    assert words(Overlay("a", "A", "clean/countdown", {"until": "00:30"}), late)["time"] == "1:30:00"


@given(st.times(), st.datetimes(timezones=st.just(UTC), max_value=datetime(9990, 1, 1)))
def test_a_time_of_day_is_the_one_that_is_near(of_day: object, now: datetime) -> None:
    target = target_time(f"{of_day:%H:%M}", now)
    assert -timedelta(hours=12) <= target - now <= timedelta(hours=24)


def test_a_clock_reads_local_time() -> None:
    assert words(Overlay("a", "A", "bold/clock"), NOON)["time"] == "12:00:00"


@given(
    st.sampled_from([one for one in Animation if one not in (Animation.CUT, Animation.FADE)]),
    st.builds(Box, st.integers(0, 1200), st.integers(0, 700), st.integers(1, 1280), st.integers(1, 720)),
)
def test_what_slides_in_begins_outside_of_the_picture(animation: Animation, box: Box) -> None:
    dx, dy = way_in(animation, box, CANVAS)
    x, y = box.x + dx, box.y + dy
    assert x >= CANVAS[0] or x + box.width <= 0 or y >= CANVAS[1] or y + box.height <= 0


NAMES = st.lists(st.sampled_from("abcdefghijk"), unique=True, max_size=MAX_OVERLAYS)


@given(st.lists(NAMES, max_size=6))
def test_layers_are_in_order_and_change_only_when_there_is_no_room(edits: list[list[str]]) -> None:
    known: dict[str, int] = {}
    for wanted in edits:
        before = {name: layer for name, layer in known.items() if name in wanted}
        known = dict(layered(before, wanted, MAX_OVERLAYS))
        assert list(known) == wanted
        assert all(0 <= layer < MAX_OVERLAYS for layer in known.values())
        assert all(below < above for below, above in pairwise(known.values()))
        if wanted == list(before):
            assert known == before
