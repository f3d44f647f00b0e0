"""Sources: their ids, their names, and the show that follows from them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.errors import Invalid
from regie.domain.sources import (
    Probe,
    Source,
    checked_name,
    checked_source_id,
    show_from_sources,
    source_id_from_name,
)


def source(source_id: str, *, enabled: bool = True) -> Source:
    return Source(source_id, "Stage", "test", {"tone_hz": 440}, enabled, 1.0, 2.0)


@pytest.mark.parametrize(
    ("name", "source_id"),
    [
        ("Stage", "stage"),
        ("Kamera Süd", "kamera-sud"),
        ("  Cam #1!  ", "cam-1"),
        ("舞台", "source"),
        ("-", "source"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, source_id: str) -> None:
    assert source_id_from_name(name, []) == source_id


def test_an_id_that_is_taken_gets_a_number() -> None:
    assert source_id_from_name("Stage", ["stage", "stage-2", "stage-4"]) == "stage-3"


@given(st.text(min_size=1), st.lists(st.text()))
def test_every_name_gives_an_id_that_is_allowed_and_free(name: str, taken: list[str]) -> None:
    made = source_id_from_name(name, taken)
    assert checked_source_id(made) == made
    assert made not in taken


@pytest.mark.parametrize("text", ["", "Cam", "a/b", "../etc", "a.b", "-a", "a" * 41, "a\n", "ä"])
def test_an_id_with_anything_else_in_it_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        checked_source_id(text)


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "a\x00b", "a\u202eb", "\u200b", "x" * 81])
def test_a_name_is_one_line_that_one_can_see(text: str) -> None:
    with pytest.raises(Invalid):
        checked_name(text)


def test_a_name_keeps_what_people_write() -> None:
    assert checked_name("  Süd & <b>Bühne</b> 🎥 ") == "Süd & <b>Bühne</b> 🎥"


def test_the_show_has_what_is_switched_on_and_what_is_tried_out() -> None:
    sources = [source("cam1"), source("cam2", enabled=False)]
    show = show_from_sources(sources, [Probe("ab12", "rtsp", {"url": "rtsp://x"})], Path("/media"))
    assert [(worker.id, worker.kind) for worker in show.workers] == [
        ("src-cam1", "source"),
        ("probe-ab12", "source"),
    ]
    assert show.workers[0].spec == {
        "path": "src/cam1",
        "name": "Stage",
        "kind": "test",
        "options": {"tone_hz": 440},
        "media_dir": "/media",
    }
    assert show.workers[1].spec["path"] == "probe/ab12"


def test_the_longest_id_still_makes_a_worker_and_a_path() -> None:
    longest = source("a" * 40)
    show = show_from_sources([longest], [], Path("/media"))
    assert show.workers[0].spec["path"] == longest.path
