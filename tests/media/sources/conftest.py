"""Media files whose every frame can be told from its picture."""

from pathlib import Path

import pytest

from tests.media.sources.clip import CLIP_NAMES, make_clips


@pytest.fixture(scope="session")
def media_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clip.mp4, .mov, .mkv and .ts: the same two seconds in each; and damaged ones."""
    directory = tmp_path_factory.mktemp("media")
    make_clips(directory)
    whole = (directory / "clip.mp4").read_bytes()
    (directory / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    (directory / "noise.mp4").write_bytes(bytes(range(256)) * 200)
    (directory / "empty.mkv").touch()
    assert {file.name for file in directory.iterdir()} >= set(CLIP_NAMES)
    return directory
