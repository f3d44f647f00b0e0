"""Sources as an operator keeps them, and the show that follows from them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from regie.domain.errors import Invalid
from regie.domain.workers import Json, Show, WorkerSpec

MAX_ID_LENGTH = 40
MAX_NAME_LENGTH = 80

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Source:
    """What is kept of a source. Its options may hold secrets: they never leave as they are."""

    id: str
    name: str
    kind: str
    options: Json
    enabled: bool
    created_at: float
    updated_at: float
    max_viewers: int = 0  # no limit of its own

    @property
    def path(self) -> str:
        return f"src/{self.id}"

    @property
    def worker_id(self) -> str:
        return f"src-{self.id}"


@dataclass(frozen=True)
class Probe:
    """A source that is tried out for a minute and never kept."""

    id: str
    kind: str
    options: Json

    @property
    def path(self) -> str:
        return f"probe/{self.id}"

    @property
    def worker_id(self) -> str:
        return f"probe-{self.id}"


def checked_source_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Invalid(f"{text[:60]!r} cannot be a source's id", "use a-z, 0-9 and dashes, 40 at most")
    return text


def checked_name(text: str) -> str:
    """A name people read: one line, no invisible characters, not empty."""
    name = text.strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise Invalid(f"a name has 1 to {MAX_NAME_LENGTH} characters")
    if any(unicodedata.category(character).startswith("C") for character in name):
        raise Invalid("a name has no line breaks and no invisible characters")
    return name


def source_id_from_name(name: str, taken: Iterable[str]) -> str:
    """`Kamera Süd` becomes kamera-sud, or kamera-sud-2 when that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: MAX_ID_LENGTH - 4].strip("-") or "source"
    used = set(taken)
    if slug not in used:
        return slug
    return next(candidate for n in range(2, len(used) + 3) if (candidate := f"{slug}-{n}") not in used)


def show_from_sources(sources: Iterable[Source], probes: Iterable[Probe], media_dir: Path) -> Show:
    """What should run: every source that is switched on, and what is being tried out."""
    wanted = [_worker(source, source.name, media_dir) for source in sources if source.enabled]
    return Show((*wanted, *(_worker(probe, "Test", media_dir) for probe in probes)))


def _worker(of: Source | Probe, name: str, media_dir: Path) -> WorkerSpec:
    spec = {
        "path": of.path,
        "name": name,
        "kind": of.kind,
        "options": of.options,
        "media_dir": str(media_dir),
    }
    return WorkerSpec(of.worker_id, "source", spec)
