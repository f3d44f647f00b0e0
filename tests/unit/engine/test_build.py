"""Two processes of the same code have the same build, others have not."""

import os
from pathlib import Path

from regie.engine.build import fingerprint


def test_the_build_changes_with_the_code_and_with_nothing_else(tmp_path: Path) -> None:
    module = tmp_path / "a.py"
    module.write_text("x = 1\n")
    before = fingerprint(tmp_path)
    (tmp_path / "notes.txt").write_text("not code")
    assert fingerprint(tmp_path) == before
    os.utime(module, ns=(1, 1))
    touched = fingerprint(tmp_path)
    assert touched != before
    module.rename(tmp_path / "b.py")
    assert fingerprint(tmp_path) != touched


def test_the_build_names_the_version() -> None:
    assert fingerprint().startswith("0.")
