"""A source whose attempts fail in a way nobody thought of says so and goes on trying."""

import asyncio
from pathlib import Path

from regie.domain.workers import Report, WorkerState
from regie.link.worker import WorkerContext
from regie.media.source import SourceBody
from tests.support.wait import eventually


def test_an_error_nobody_expected_is_reported_instead_of_ending_all_attempts(tmp_path: Path) -> None:
    async def reported() -> Report:
        reports: list[Report] = []
        body = SourceBody(WorkerContext("src-cam", tmp_path, tmp_path), reports.append)
        await body.start({})  # no engine writes such a specification: it names no kind
        try:
            await eventually(lambda: reports and reports[-1].state is WorkerState.FAILED)
        finally:
            await body.close()
        return reports[-1]

    assert asyncio.run(reported()).reason == "internal error; see the log of this worker"
