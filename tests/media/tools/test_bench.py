"""The README's figures are of one commit, with the dates and the limits they are measured by."""

import json
from pathlib import Path

import pytest

from bench.harness import Figure, Kept, at_least, at_most, keep, markdown


def kept(figure: Figure, commit: str) -> Kept:
    return Kept(**figure, at="2026-02-03T04:05:06+00:00", commit=commit)


def test_each_figure_is_kept_with_its_day_and_commit_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    file.write_text('{"old": {"value": 1}}')
    keep({"new": at_most(1.0, 2.0, "s", "timed")}, file)
    written = json.loads(file.read_text())
    assert written["old"] == {"value": 1}
    assert written["new"].keys() == {*Figure.__annotations__, "at", "commit"}
    assert written["new"]["ok"]


def test_the_table_says_the_commit_the_day_and_which_way_a_limit_goes() -> None:
    text = markdown(
        {
            "hub_hop": kept(at_most(3.0, 10.0, "ms", "hop"), "abc1234"),
            "edge_max_viewers": kept(at_least(200, 160, "viewers", "ramp"), "abc1234"),
        }
    )
    assert "commit abc1234 on 2026-02-03." in text
    assert "| hub_hop | 3 ms | ≤ 10 ms | hop |" in text
    assert "| edge_max_viewers | 200 viewers | ≥ 160 viewers | ramp |" in text


def test_figures_of_different_commits_make_no_table() -> None:
    figure = at_most(1.0, 2.0, "s", "timed")
    with pytest.raises(ValueError, match="aaa, bbb"):
        markdown({"one": kept(figure, "aaa"), "two": kept(figure, "bbb")})
