"""Python, directories, disk, memory, clock and fonts."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from regie.media.doctor.finding import Finding, good, missing, warning
from regie.settings import Settings

GB = 1_000_000_000
COMMAND_TIMEOUT_S = 10.0
OPEN_FILES = 1024
_CLOCK_UNSYNCHRONISED = 5  # TIME_ERROR, see adjtimex(2)


def machine_findings(settings: Settings) -> Iterator[Finding]:
    yield _python()
    yield _webrtc_library()
    yield _directory("data directory", "REGIE_DATA_DIR", settings.data_dir)
    yield _directory("run directory", "REGIE_RUN_DIR", settings.run_dir)
    yield _disk(settings.data_dir)
    yield _memory(Path("/proc/meminfo"))
    yield _open_files()
    yield _monotonic_clock()
    yield _wall_clock()
    yield _fonts()


def _python() -> Finding:
    return good("Python", ".".join(map(str, sys.version_info[:3])))


def _webrtc_library() -> Finding:
    """In a child process: a native library that does not suit the machine may crash."""
    done = _output(sys.executable, "-c", "import libdatachannel")
    if done is None:
        return missing("WebRTC library", "libdatachannel cannot be loaded", "run scripts/setup again")
    return good("WebRTC library", "libdatachannel loads")


def _directory(name: str, variable: str, directory: Path) -> Finding:
    place = _nearest_existing(directory)
    if not os.access(place, os.W_OK | os.X_OK):
        mend = f"give Regie's user the right to write there, or set {variable} to another directory"
        return missing(name, f"{place} cannot be written", mend)
    if directory.exists() and directory.stat().st_mode & 0o002:
        return warning(name, f"everyone may write to {directory}", f"chmod o-w {directory}")
    return good(name, str(directory))


def _disk(directory: Path) -> Finding:
    usage = shutil.disk_usage(_nearest_existing(directory))
    text = f"{usage.free / GB:.1f} GB of {usage.total / GB:.0f} GB free in {directory}"
    if usage.free < GB / 5:
        return missing("disk", text, "free some space: the database and the logs need a little")
    if usage.free < 5 * GB:
        return warning("disk", text, "an hour of recording needs about 2 GB")
    return good("disk", text)


def _memory(meminfo: Path) -> Finding:
    values = {
        line.partition(":")[0]: int(line.split()[1]) * 1024 for line in meminfo.read_text().splitlines()
    }
    available = values["MemAvailable"]
    text = f"{available / GB:.1f} GB of {values['MemTotal'] / GB:.1f} GB available"
    if available < GB / 2:
        return warning("memory", text, "close other programs: every camera takes about 0.1 GB")
    return good("memory", text)


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY not in (soft, hard) and soft < OPEN_FILES:
        return warning("open files", f"limited to {soft}", f"ulimit -n {max(OPEN_FILES, hard)}")
    return good("open files", f"up to {soft if soft != resource.RLIM_INFINITY else 'any number of'} at once")


def _monotonic_clock() -> Finding:
    """The one clock of all pipelines: it must run, and in fine steps."""
    step_s = time.clock_getres(time.CLOCK_MONOTONIC)
    first = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    time.sleep(0.01)
    passed_s = (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - first) / 1e9
    if not 0.01 <= passed_s < 1 or step_s > 1e-3:
        text = f"10 ms took {passed_s * 1000:.1f} ms of it, in steps of {step_s * 1000:g} ms"
        return warning(
            "media clock", text, "pictures will be late: the machine is overloaded or badly emulated"
        )
    return good("media clock", "runs evenly")


def _wall_clock() -> Finding:
    """Whether something (NTP, PTP) keeps the clock right; links, tokens and certificates depend on it."""
    answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    if answer == _CLOCK_UNSYNCHRONISED:
        mend = "sudo apt-get install systemd-timesyncd (in a virtual machine the host may do it already)"
        return warning("time of day", "nothing on this machine keeps the clock right", mend)
    return good("time of day", "kept right by NTP")


def _fonts() -> Finding:
    if families := _output("fc-list", ":", "family"):
        return good("fonts", f"{len(set(families.splitlines()))} families")
    return missing(
        "fonts", "none found: names and clocks cannot be drawn", "sudo apt-get install fonts-dejavu-core"
    )


def _nearest_existing(directory: Path) -> Path:
    return next(place for place in (directory, *directory.parents) if place.exists())


def _output(*command: str) -> str | None:
    """What a command printed; None when it failed, hung or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
