"""The listening end of a path."""

import asyncio
from pathlib import Path

from regie.hub.paths import Stream, socket_file
from regie.hub.publish import Publisher


def test_a_publisher_that_was_closed_listens_no_more(run_dir: Path) -> None:
    async def late() -> None:
        publisher = Publisher(run_dir, "src/cam", Stream.VIDEO)
        await publisher.close()
        publisher.listen()

    asyncio.run(late())
    assert not socket_file(run_dir, "src/cam", Stream.VIDEO).exists()
