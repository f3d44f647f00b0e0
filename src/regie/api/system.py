"""The machine: processor, memory and disk, read from where Linux keeps them."""

import os
import shutil
import time
from pathlib import Path

from regie.domain.workers import Json

MIN_SPAN_S = 0.5  # processor time over less than this says little


class SystemFigures:
    """Figures of this machine. The processor's load is that since the last time one looked."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._at = time.monotonic()
        self._busy, self._all = _processor_ticks()
        self._percent = 0.0

    def now(self) -> Json:
        return {
            "cpu": {"cores": os.cpu_count() or 1, "percent": self._cpu_percent()},
            "memory": _memory(),
            "disk": self._disk(),
        }

    def _cpu_percent(self) -> float:
        now = time.monotonic()
        if now - self._at >= MIN_SPAN_S:
            busy, total = _processor_ticks()
            if total > self._all:
                self._percent = round(100 * (busy - self._busy) / (total - self._all), 1)
            self._at, self._busy, self._all = now, busy, total
        return self._percent

    def _disk(self) -> Json:
        usage = shutil.disk_usage(self._data_dir)
        return {"path": str(self._data_dir), "total": usage.total, "free": usage.free}


def _processor_ticks() -> tuple[int, int]:
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]  # idle and waiting for the disk
    return sum(ticks) - idle, sum(ticks)


def _memory() -> Json:
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    kilobytes = {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1}
    return {"total": kilobytes["MemTotal"] * 1024, "available": kilobytes["MemAvailable"] * 1024}
