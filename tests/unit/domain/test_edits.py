"""What an operator may change of a production."""

from dataclasses import replace
from pathlib import Path

import pytest

from regie.domain.edits import (
    MAX_SCENES,
    changed_transition,
    check_unused,
    inputs_from_sources,
    mixer_of,
    users_of_still,
    with_moved_overlay,
    with_overlay,
    with_scene,
    with_settings,
    with_sources,
    with_strip,
    without_overlay,
    without_scene,
)
from regie.domain.errors import Conflict, Invalid, NotFound
from regie.domain.overlays import MAX_OVERLAYS, Overlay
from regie.domain.production import MAX_INPUTS, UNTOUCHED, Format, Input, Production, new_production
from regie.domain.scenes import Item, Scene
from regie.domain.sound import Strip
from regie.domain.sources import Source
from regie.domain.transitions import Direction, Kind, Transition


def source(number: int, *, enabled: bool = True) -> Source:
    return Source(f"cam{number}", f"Camera {number}", "test", {}, enabled, float(number), 0.0)


MAIN = new_production("main", "Main", inputs_from_sources([source(1), source(2), source(3)]))


def test_its_mixer_is_named_after_it_and_knows_all_of_it() -> None:
    worker = mixer_of(MAIN, Path("/data/stills"))
    assert (worker.id, worker.kind) == ("mix-main", "mixer")
    assert Production.from_wire(worker.spec["production"]) == MAIN


def test_every_source_is_an_input_in_order_also_one_that_is_off() -> None:
    sources = [source(2), source(1, enabled=False), source(3)]
    assert [item.id for item in with_sources(MAIN, sources).inputs] == ["cam2", "cam1", "cam3"]


def test_the_first_twelve_sources_are_inputs() -> None:
    inputs = with_sources(MAIN, map(source, range(1, 20))).inputs
    assert [item.id for item in inputs] == [f"cam{number}" for number in range(1, MAX_INPUTS + 1)]


def test_a_renamed_source_is_a_renamed_input() -> None:
    renamed = Source("cam1", "Stage", "test", {}, True, 1.0, 0.0)
    assert with_sources(MAIN, [renamed]).inputs == (Input("cam1", "Stage"),)


def test_with_its_source_goes_the_strip_and_no_mixer_begins_with_what_is_gone() -> None:
    assert (MAIN.programme, MAIN.preview) == ("full-cam1", "full-cam2")
    loud = with_strip(with_strip(MAIN, "cam1", {"level_db": 6}), "cam2", {"muted": True})
    left = with_sources(loud, [source(2), source(3)])
    assert (left.programme, left.preview) == ("black", "full-cam2")
    assert left.strips == {"cam2": Strip(muted=True, follows=True)}
    assert left.scenes == MAIN.scenes  # a scene waits for its source


def test_nothing_is_left_of_no_sources_but_black() -> None:
    empty = with_sources(MAIN, [])
    assert (empty.inputs, empty.programme, empty.preview) == ((), "black", "black")


def test_settings_change_in_part() -> None:
    changed = with_settings(MAIN, {"format": {"fps": 50}, "transition": {"kind": "dip"}, "hold_s": 2})
    assert changed.format == Format(fps=50)
    assert changed.transition == Transition(Kind.DIP)
    assert changed.hold_s == 2
    assert (changed.scenes, changed.inputs) == (MAIN.scenes, MAIN.inputs)
    assert with_settings(changed, {"name": " Evening "}).name == "Evening"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": {"width": 1920}},
        {"format": {"fps": 29}},
        {"hold_s": float("nan")},
        {"transition": {"kind": "slide", "direction": "up-left"}},
        {"name": "two\nlines"},
        {"name": ""},
    ],
)
def test_settings_that_make_no_production_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        with_settings(MAIN, changes)


def test_a_scene_is_added_at_the_end_and_replaced_where_it_stands() -> None:
    scene = Scene("mine", "Mine", (Item("cam1"),))
    added = with_scene(MAIN, scene)
    assert added.scenes == (*MAIN.scenes, scene)
    first = MAIN.scenes[0]
    edited = with_scene(added, Scene(first.id, "Other", (Item("cam3"),)))
    assert [known.id for known in edited.scenes] == [known.id for known in added.scenes]
    assert edited.scenes[0].name == "Other"


def test_the_same_scene_again_changes_nothing() -> None:
    scene = Scene("mine", "Mine", (Item("cam1"),))
    assert with_scene(with_scene(MAIN, scene), scene) == with_scene(MAIN, scene)


def test_a_full_screen_can_be_edited_and_comes_back_when_the_edit_is_deleted() -> None:
    edited = with_scene(MAIN, Scene("full-cam1", "Stage", (Item("cam1", x=0.1),)))
    assert edited.scene("full-cam1").items[0].x == 0.1
    assert len(edited.all_scenes) == len(MAIN.all_scenes)
    assert without_scene(edited, "full-cam1") == MAIN


@pytest.mark.parametrize("scene_id", ["", "Mine", "a b", "../x", "x" * 61, "-x"])
def test_a_scene_id_is_plain(scene_id: str) -> None:
    with pytest.raises(Invalid, match="cannot be a scene's id"):
        with_scene(MAIN, Scene(scene_id, "Mine"))


def test_a_scene_needs_a_name_and_sources_that_exist() -> None:
    with pytest.raises(Invalid):
        with_scene(MAIN, Scene("mine", " "))
    with pytest.raises(Invalid, match="cam9 is no input of Main"):
        with_scene(MAIN, Scene("mine", "Mine", (Item("cam1"), Item("cam9"))))


def test_a_scene_whose_source_is_gone_can_still_be_edited() -> None:
    scene = with_scene(MAIN, Scene("mine", "Mine", (Item("cam1"), Item("cam2"))))
    left = with_sources(scene, [source(2)])
    moved = with_scene(left, Scene("mine", "Mine", (Item("cam1"), Item("cam2", x=0.5))))
    assert moved.scene("mine").items[1].x == 0.5


def test_there_is_an_end_to_scenes() -> None:
    full = MAIN
    for number in range(MAX_SCENES - len(MAIN.scenes)):
        full = with_scene(full, Scene(f"s{number}", "S"))
    with pytest.raises(Conflict, match="100 scenes already"):
        with_scene(full, Scene("one-more", "S"))
    assert with_scene(full, Scene("s1", "Replaced")).scene("s1").name == "Replaced"


def test_a_deleted_scene_is_gone_and_no_mixer_begins_with_it() -> None:
    begins = with_settings(with_scene(MAIN, Scene("mine", "Mine")), {"programme": "mine"})
    left = without_scene(begins, "mine")
    assert left.programme == "black"
    with pytest.raises(NotFound):
        left.scene("mine")


@pytest.mark.parametrize("scene_id", ["black", "full-cam1"])
def test_what_comes_by_itself_cannot_be_deleted(scene_id: str) -> None:
    with pytest.raises(Conflict, match="comes by itself"):
        without_scene(MAIN, scene_id)


def test_a_scene_that_is_not_there_cannot_be_deleted() -> None:
    with pytest.raises(NotFound, match="there is no scene 'none'"):
        without_scene(MAIN, "none")


def test_a_scene_that_is_seen_is_in_use() -> None:
    check_unused(MAIN, "quad", "two-up", "black")
    with pytest.raises(Conflict, match="Quad is on air"):
        check_unused(MAIN, "quad", "quad", "black")
    with pytest.raises(Conflict, match="Quad is in preview"):
        check_unused(MAIN, "quad", "black", "quad")


def test_a_strip_changes_in_part() -> None:
    once = with_strip(MAIN, "cam1", {"level_db": -6})
    twice = with_strip(once, "cam1", {"muted": True})
    assert twice.strip("cam1") == Strip(follows=True, level_db=-6, muted=True)
    assert twice.strip("cam2") == UNTOUCHED


def test_a_strip_needs_its_input_and_a_level_that_exists() -> None:
    with pytest.raises(NotFound, match="'cam9' is no input of Main"):
        with_strip(MAIN, "cam9", {"muted": True})
    for wrong in ({"level_db": 13}, {"pan": float("nan")}, {"delay_ms": 2001}, {"level_db": "loud"}):
        with pytest.raises(Invalid):
            with_strip(MAIN, "cam1", wrong)


def test_a_transition_is_the_productions_with_what_is_named() -> None:
    mine = with_settings(MAIN, {"transition": {"duration_ms": 1500}})
    wipe = changed_transition(mine, {"kind": "wipe", "direction": "up"})
    assert wipe == Transition(Kind.WIPE, 1500, Direction.UP)
    assert changed_transition(mine, {}) == mine.transition


def test_an_overlay_is_moved_among_the_others() -> None:
    clock, score = Overlay("clock", "Clock", "clean/clock"), Overlay("score", "Score", "bold/score")
    production = with_overlay(with_overlay(replace(MAIN, overlays=()), clock), score)
    assert with_moved_overlay(production, "score", 0).overlays == (score, clock)
    assert with_moved_overlay(production, "score", 1) == production
    with pytest.raises(Invalid, match="the last place is 1"):
        with_moved_overlay(production, "score", 2)
    with pytest.raises(NotFound, match="no overlay 'news'"):
        with_moved_overlay(production, "news", 0)


def test_an_overlay_is_added_on_top_replaced_in_its_place_and_taken_out() -> None:
    clock, score = Overlay("clock", "Clock", "clean/clock"), Overlay("score", "Score", "bold/score")
    production = with_overlay(with_overlay(MAIN, clock), score)
    assert [one.id for one in production.overlays][-2:] == ["clock", "score"]
    changed = with_overlay(production, Overlay("clock", " Time ", "bold/clock"))
    assert [(one.id, one.name) for one in changed.overlays][-2:] == [("clock", "Time"), ("score", "Score")]
    assert without_overlay(changed, "clock").overlays[-1] == score
    with pytest.raises(NotFound, match="no overlay 'news'"):
        without_overlay(production, "news")


def test_a_production_has_at_most_eight_overlays() -> None:
    production = MAIN
    for number in range(MAX_OVERLAYS - len(MAIN.overlays)):
        production = with_overlay(production, Overlay(f"title-{number}", "T", "clean/title"))
    with pytest.raises(Conflict, match="8 overlays"):
        with_overlay(production, Overlay("one-more", "T", "clean/title"))


def test_the_overlays_that_show_a_picture_are_known() -> None:
    logo = Overlay("logo", "Logo", "plain/still", {"still": "logo-1"})
    assert users_of_still(with_overlay(MAIN, logo), "logo-1") == ["Logo"]
    assert users_of_still(with_overlay(MAIN, logo), "logo-2") == []
