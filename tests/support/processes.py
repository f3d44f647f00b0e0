"""Whether processes live."""

import psutil


def is_gone(pid: int) -> bool:
    """Ended; whether its parent has noticed yet is that one's business."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def with_word(word: str) -> list[psutil.Process]:
    """Every running process that has this text in its command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(word in part for part in process.info["cmdline"] or []) and not is_gone(process.pid):
            found.append(process)
    return found
