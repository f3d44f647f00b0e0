"""Tasks a worker is nothing without: when one fails, the process ends, and the engine starts it anew."""

import asyncio
import logging
import os

log = logging.getLogger(__name__)

EXIT_FAILED = 70  # EX_SOFTWARE


def vital(task: asyncio.Task[None]) -> asyncio.Task[None]:
    """The task, watched: a worker that goes on without it would look alive and do nothing."""
    task.add_done_callback(_end_if_failed)
    return task


def _end_if_failed(task: asyncio.Task[None]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    log.critical(
        "%s failed: ending, so that the engine starts this worker anew", task.get_name(), exc_info=error
    )
    os._exit(EXIT_FAILED)
