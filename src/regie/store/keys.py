"""Secrets that live in files beside the database, readable by their owner alone."""

import os
import secrets
from pathlib import Path

from regie.domain.access import TOKEN_PREFIX
from regie.domain.errors import Unavailable
from regie.store.tokens import new_secret

LEAST_LENGTH = 32


def secret_key(data_dir: Path) -> bytes:
    """Signs the session cookies. Deleting the file logs every browser out."""
    return bytes.fromhex(_kept(data_dir / "secret.key", secrets.token_hex(32)))


def cli_token(data_dir: Path) -> str:
    """An admin token for the command line of the same user on the same machine."""
    return _kept(data_dir / "cli.token", new_secret(TOKEN_PREFIX))


def _kept(file: Path, fresh: str) -> str:
    """What the file holds; `fresh` if it does not exist yet. Complete or not there, never half written."""
    try:
        if not file.exists():
            new = file.with_name(f"{file.name}.{os.getpid()}")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w") as stream:  # noqa: PTH123 - a descriptor, not a path
                stream.write(fresh)
                stream.flush()
                os.fsync(stream.fileno())
            new.rename(file)
        kept = file.read_text().strip()
    except OSError as error:
        raise Unavailable(
            f"{file} cannot be used: {error.strerror}", "check who owns the data directory"
        ) from error
    if len(kept) < LEAST_LENGTH:  # an empty secret would let everyone in
        raise Unavailable(f"{file} is damaged", "delete it and start again; a new one is made")
    return kept
