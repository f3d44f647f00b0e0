"""What a measurement is, how it is run, shown and kept."""

import asyncio
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, cast

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "latest.json"
MEASURED_CODE = ("src", "web", "tests", "bench", "uv.lock", ":!bench/results")
DEADLINE_S = 2400.0  # the longest measures half an hour
AT_LEAST = {"edge_max_viewers"}  # more is better; of all others, less is


class Figure(TypedDict):
    """One measured figure. `limit` and `ok` are None where there is nothing to keep to."""

    value: float | None
    unit: str
    limit: float | None
    ok: bool | None
    how: str


class Kept(Figure):
    """A figure in the file: when it was measured, and the last commit that changed what is measured."""

    at: str
    commit: str


def at_most(value: float, limit: float, unit: str, how: str) -> Figure:
    return {"value": round(value, 4), "unit": unit, "limit": limit, "ok": value <= limit, "how": how}


def at_least(value: float, limit: float, unit: str, how: str) -> Figure:
    return {"value": round(value, 4), "unit": unit, "limit": limit, "ok": value >= limit, "how": how}


def measured(name: str, target: str) -> Figure:
    """Run a measurement in a process of its own: a hang has an end, and nothing of it is left."""
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        command = [sys.executable, "-m", "bench", "--into", answer.name, "--only", name]
        process = subprocess.Popen(command, start_new_session=True)
        try:
            code = process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            return _failed(f"no result within {DEADLINE_S:.0f} s")
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
            raise
        finally:
            _end_group(process)
        text = Path(answer.name).read_text()
    return cast("Figure", json.loads(text)) if code == 0 and text else _failed(f"{target} failed, see above")


def run_target(target: str) -> Figure:
    """Call "module:function", which may be a coroutine function."""
    module, _, function = target.partition(":")
    result: Any = getattr(importlib.import_module(module), function)()
    if inspect.isawaitable(result):
        result = asyncio.run(_awaited(result))
    return cast("Figure", {key: result.get(key) for key in Figure.__annotations__})


def keep(figures: Mapping[str, Figure], file: Path = RESULTS) -> None:
    """Write the figures over those of earlier runs; figures that were not measured now stay."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(file.read_text()) if file.exists() else {}
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": measured_commit()}
    fresh = file.with_suffix(".new")
    dated = {name: {**figure, **about} for name, figure in figures.items()}
    fresh.write_text(json.dumps(kept | dated, indent=2, ensure_ascii=False) + "\n")
    fresh.rename(file)


def measured_commit() -> str:
    """The last commit that changed what is measured; with a plus when there are changes since."""
    if not (ROOT / ".git").exists():
        return "unknown"  # the code came without its history
    commit = _git("log", "-1", "--format=%h", "--", *MEASURED_CODE)
    return f"{commit}+" if _git("status", "--porcelain", "--", *MEASURED_CODE) else commit


def table(figures: Mapping[str, Figure]) -> str:
    """As text: what, how much, the limit, whether it is kept, and how it was measured."""
    rows = [("what", "measured", "wanted", "", "how")]
    for name, figure in figures.items():
        mark = {True: "✓", False: "✗", None: ""}[figure["ok"]]
        rows.append((name, _amount(figure["value"], figure), _wanted(name, figure), mark, figure["how"]))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )


def markdown(figures: Mapping[str, Kept]) -> str:
    """The same as a table for the README. Figures of different commits make no one table."""
    commits = {figure["commit"] for figure in figures.values()}
    if len(commits) != 1:
        raise ValueError(f"these figures are of different commits: {', '.join(sorted(commits))}")
    days = sorted({figure["at"][:10] for figure in figures.values()})
    lines = [f"Measured at commit {commits.pop()} on {' to '.join(dict.fromkeys((days[0], days[-1])))}.", ""]
    lines += ["| figure | measured | wanted | how |", "|---|---|---|---|"]
    for name, figure in figures.items():
        value = _amount(figure["value"], figure)
        lines.append(f"| {name} | {value} | {_wanted(name, figure)} | {figure['how']} |")
    return "\n".join(lines)


def write_between_marks(page: Path, text: str) -> None:
    """Replace what stands between <!-- figures --> and <!-- /figures -->."""
    before, mark, rest = page.read_text().partition("<!-- figures -->\n")
    _, end, after = rest.partition("<!-- /figures -->")
    page.write_text(f"{before}{mark}{text}\n{end}{after}")


def names_like(wanted: str, known: Iterable[str]) -> list[str]:
    """The figures a name means: the one so called, or all that begin with it."""
    known = list(known)
    return [wanted] if wanted in known else [name for name in known if name.startswith(wanted)]


def _failed(why: str) -> Figure:
    return {"value": None, "unit": "", "limit": None, "ok": False, "how": why}


def _amount(value: float | None, figure: Figure) -> str:
    return "—" if value is None else f"{value:.3g} {figure['unit']}".strip()


def _wanted(name: str, figure: Figure) -> str:
    sign = "≥" if name in AT_LEAST else "≤"
    return "—" if figure["limit"] is None else f"{sign} {_amount(figure['limit'], figure)}"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


async def _awaited(result: Any) -> Any:
    return await result


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(10)
