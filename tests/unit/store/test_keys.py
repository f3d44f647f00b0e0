"""Secrets in files: a damaged one must not let anybody in."""

from pathlib import Path

import pytest

from regie.domain.errors import Unavailable
from regie.store.keys import cli_token, secret_key


def test_a_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    assert cli_token(tmp_path) == cli_token(tmp_path)
    assert secret_key(tmp_path) == secret_key(tmp_path)
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize("left", ["", "\n", "short"])
def test_a_file_a_power_cut_left_empty_is_told_and_not_used(tmp_path: Path, left: str) -> None:
    for name, read in (("cli.token", cli_token), ("secret.key", secret_key)):
        (tmp_path / name).write_text(left)
        with pytest.raises(Unavailable, match="damaged"):
            read(tmp_path)
