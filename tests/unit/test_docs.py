"""What the documents say is so: links lead somewhere, commands, settings and figures exist."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from regie.cli import options_from_words
from regie.main import _parser
from regie.protocols.source import NAMES, checked_options
from regie.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def command_lines() -> Iterator[str]:
    """Every `regie …` command in an example, continued lines joined, comments and redirections cut."""
    for page in PAGES:
        for line in re.sub(r"\\\n\s*", " ", page.read_text()).splitlines():
            if found := re.match(r"    (?:sudo .*|\$ |.*/)?regie (?P<arguments>[a-z].*)$", line):
                yield found["arguments"].partition(" # ")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_setting_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", (ROOT / "docs/guide/settings.md").read_text(), re.M)
    assert {name for row in rows for name in re.findall(r"[a-z_]+", row)} == set(Settings.model_fields)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {name for page in PAGES for name in re.findall(r"(?:`|    )make ([a-z]+)", page.read_text())}
    assert {"run", "test", "bench"} <= named <= targets


@pytest.mark.parametrize("line", sorted(set(command_lines())))
def test_every_command_in_an_example_is_understood(line: str) -> None:
    words = shlex.split(line.replace("…", "password"))
    parsed = _parser().parse_args(words)
    assert callable(parsed.run)


def test_the_options_in_examples_of_sources_are_those_of_their_kind(tmp_path: Path) -> None:
    (tmp_path / "countdown.mp4").touch()
    shown = [shlex.split(line.replace("…", "password")) for line in command_lines()]
    added = [_parser().parse_args(words) for words in shown if words[:2] == ["source", "add"]]
    for arguments in added:
        checked_options(arguments.kind, options_from_words(arguments.options), tmp_path)
    assert {arguments.kind for arguments in added} == set(NAMES)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "    make test" in (ROOT / "README.md").read_text()
    assert "make --no-print-directory test" in (ROOT / ".ci/run").read_text()


def reasons_of_sources() -> Iterator[tuple[str, str]]:
    """Every reason the translation of GStreamer's errors can give: as text, and as a pattern."""
    for node in ast.walk(ast.parse((ROOT / "src/regie/media/faults.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
            said = node.args[0]
            said = said.args[0] if isinstance(said, ast.Call) else said
            parts = said.values if isinstance(said, ast.JoinedStr) else [said]
            words = [str(part.value) if isinstance(part, ast.Constant) else None for part in parts]
            yield "".join(word or "…" for word in words), ".*".join(re.escape(word) for word in words if word)


@pytest.mark.parametrize(("reason", "pattern"), sorted(set(reasons_of_sources())))
def test_what_to_do_is_written_for_every_reason_a_source_gives(reason: str, pattern: str) -> None:
    page = (ROOT / "docs/guide/troubleshooting.md").read_text()
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| ")]
    assert any(re.search(pattern.removesuffix(": ").removesuffix(":\\ "), row) for row in rows), reason
