"""Uploaded pictures: each a PNG that we have written, and beside it what is known of it."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from regie.domain.errors import NotFound, Unavailable

FOLDER = "stills"


@dataclass(frozen=True)
class Still:
    id: str
    name: str
    width: int
    height: int
    created_at: float


class Stills:
    """The pictures in a folder. What does file work here may take its time."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER

    def all(self) -> list[Still]:
        """The oldest first."""
        found = [still for file in self.folder.glob("*.json") if (still := _read(file))]
        return sorted(found, key=lambda still: (still.created_at, still.id))

    def picture(self, still_id: str) -> bytes:
        try:
            return self._picture(still_id).read_bytes()
        except FileNotFoundError:
            raise _unknown(still_id) from None

    def incoming(self, content: bytes) -> tuple[Path, Path]:
        """Put an upload where it can be examined, and say where the picture made of it shall be."""
        name = f".{secrets.token_hex(8)}"
        uploaded = self.folder / f"{name}.upload"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            uploaded.write_bytes(content)
        except OSError as error:
            raise Unavailable(
                f"the picture cannot be stored: {error.strerror}", "see the disk: regie doctor"
            ) from error
        return uploaded, self.folder / f"{name}.png"

    def keep(self, made: Path, still: Still) -> None:
        made.rename(self._picture(still.id))
        fresh = made.with_suffix(".facts")
        fresh.write_text(json.dumps(asdict(still)))
        fresh.rename(self._facts(still.id))

    def delete(self, still_id: str) -> None:
        if not self._facts(still_id).exists():
            raise _unknown(still_id)
        self._facts(still_id).unlink()
        self._picture(still_id).unlink(missing_ok=True)

    def _picture(self, still_id: str) -> Path:
        return self.folder / f"{still_id}.png"

    def _facts(self, still_id: str) -> Path:
        return self.folder / f"{still_id}.json"


def _read(file: Path) -> Still | None:
    try:
        return Still(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None  # deleted just now, or not one of ours


def _unknown(still_id: str) -> NotFound:
    return NotFound(f"there is no still {still_id[:60]!r}", "GET /api/v1/stills lists them")
