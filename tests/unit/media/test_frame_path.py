"""The page that shows the way of a frame names only what there is."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs/frame-path.md"
STEPS = re.findall(r"^- `([\w.]+):(\w+)`", PAGE.read_text(), re.MULTILINE)


def test_the_page_has_steps() -> None:
    assert len(STEPS) > 15
    assert len(STEPS) == PAGE.read_text().count("\n- ")


@pytest.mark.parametrize(("module", "name"), STEPS)
def test_each_step_exists(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)
