"""What the doctor says about one thing."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    GOOD = "good"
    WARNING = "warning"  # it runs, but not as well as it could
    MISSING = "missing"  # it does not run without


@dataclass(frozen=True)
class Finding:
    name: str
    grade: Grade
    text: str
    mend: str = ""


def good(name: str, text: str) -> Finding:
    return Finding(name, Grade.GOOD, text)


def warning(name: str, text: str, mend: str) -> Finding:
    return Finding(name, Grade.WARNING, text, mend)


def missing(name: str, text: str, mend: str) -> Finding:
    return Finding(name, Grade.MISSING, text, mend)
