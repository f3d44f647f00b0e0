"""A capture device that is not there says so; there is none on a machine that runs tests."""

from pathlib import Path

from tests.media.sources.rig import running_source


def test_a_missing_camera_is_named(run_dir: Path) -> None:
    with running_source(run_dir, "v4l2", {"device": "/dev/video97"}) as source:
        source.wait_for("retrying", "/dev/video97 is not there: is the camera or grabber plugged in?")
