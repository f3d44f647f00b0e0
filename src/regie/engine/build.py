"""Which code a worker runs: two processes of the same build behave alike."""

import hashlib
from pathlib import Path

import regie


def fingerprint(package: Path | None = None) -> str:
    """The version and a hash over path, size and modification time of every module of the package."""
    root = package or Path(regie.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        stat = file.stat()
        digest.update(f"{file.relative_to(root)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return f"{regie.__version__}-{digest.hexdigest()[:12]}"
