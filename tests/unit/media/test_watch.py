"""Who is warned of, and when: levels and times as they come, and no pipeline."""

from dataclasses import replace
from typing import Any

import pytest

from regie.domain.production import Input, new_production
from regie.domain.sound import Strip
from regie.domain.watchdog import Limits
from regie.domain.workers import Json
from regie.media.mix.watch import Looks, Studio, Watch

SECOND_NS = 1_000_000_000
DEAD, LOUD = {"peak": [-60.0, -60.0]}, {"peak": [-12.0, -12.0]}
LEFT = {"peak": [-12.0, -60.0]}
SEEN = {"picture": "live", "sound": True}


class Stills(Looks):
    """Pictures of which only those named move."""

    def __init__(self) -> None:
        self.moving: set[int] = set()
        self.is_open = False

    def open(self, *, wanted: bool) -> None:
        self.is_open = wanted

    def moved(self, number: int) -> bool:
        return number in self.moving


class Room:
    """A watch, what it looks at and what it said."""

    def __init__(self, **changes: Any) -> None:
        self.stills, self.said = Stills(), list[Json]()
        self.watch = Watch(self.stills, self.said.append, Limits(silence_s=10, one_sided_s=10))
        production = new_production("main", "Main", [Input("cam1", "Stage"), Input("cam2", "Hall")])
        self.facts: Json = {
            "production": production,
            "slots": {"cam1": 0, "cam2": 1},
            "inputs": {"cam1": SEEN, "cam2": SEEN},
            "on_air": {"cam1"},
            "is_black": False,
            **changes,
        }
        self.now_s = 100.0

    def change(self, **settings: Any) -> None:
        self.facts["production"] = replace(self.facts["production"], **settings)

    def goes_on(self, seconds: float, cam1: Json = LOUD, cam2: Json = LOUD, programme: Json = LOUD) -> None:
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            now = round(self.now_s * SECOND_NS)
            studio = Studio(**self.facts)
            self.watch.listen(studio, {"cam1": cam1, "cam2": cam2}, programme, now)
            self.watch.look(studio, now)

    @property
    def on(self) -> set[tuple[str | None, str]]:
        return {(warning["source"], warning["kind"]) for warning in self.watch.warnings}


def test_a_silent_programme_and_a_silent_source_on_air_are_told_by_name() -> None:
    room = Room()
    room.goes_on(11, cam1=DEAD, cam2=DEAD, programme=DEAD)
    assert room.on == {(None, "silence"), ("cam1", "silence")}
    assert [warning["text"] for warning in room.said] == [
        "the programme is silent for 10 s",
        "nothing is heard of Stage for 10 s",
    ]
    assert all(warning["hint"] and warning["on"] for warning in room.said)
    room.goes_on(0.1)
    assert room.on == set()
    assert [warning["on"] for warning in room.said] == [True, True, False, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_black": True, "on_air": set()},
        {"inputs": {key: {"picture": "live", "sound": False} for key in ("cam1", "cam2")}},
    ],
    ids=["faded to black", "no input has sound"],
)
def test_silence_that_is_meant_is_not_warned_of(changes: Json) -> None:
    room = Room(**changes)
    room.goes_on(30, cam1=DEAD, cam2=DEAD, programme=DEAD)
    assert room.said == []


def test_a_source_that_is_muted_or_off_air_may_be_silent() -> None:
    room = Room()
    room.change(strips={"cam1": Strip(muted=True)})
    room.goes_on(30, cam1=DEAD, cam2=DEAD)
    assert room.said == []


def test_a_source_that_goes_off_air_is_not_warned_of_any_more() -> None:
    room = Room()
    room.goes_on(11, cam1=LEFT)
    assert room.on == {("cam1", "one-sided")}
    room.facts["on_air"] = {"cam2"}
    room.goes_on(0.1, cam1=LEFT)
    assert room.on == set()


def test_a_still_picture_is_told_and_a_lost_or_moving_one_is_not() -> None:
    room = Room()
    room.goes_on(30)
    assert (room.said, room.stills.is_open) == ([], False)
    room.change(frozen_s=5.0)
    room.stills.moving = {1}
    room.goes_on(7)
    assert room.stills.is_open
    assert room.on == {("cam1", "frozen")}
    room.facts["inputs"] = {"cam1": {"picture": "slate", "sound": False}, "cam2": SEEN}
    room.goes_on(1)
    assert room.on == set()


def test_an_input_that_is_gone_and_a_mixer_that_ends_take_their_warnings_along() -> None:
    room = Room()
    room.goes_on(11, cam1=DEAD, programme=LEFT)
    assert room.on == {("cam1", "silence"), (None, "one-sided")}
    room.watch.forget_all_but({"cam2"})
    assert room.on == {(None, "one-sided")}
    room.watch.end()
    assert room.on == set()
    assert [warning["on"] for warning in room.said].count(False) == 2
