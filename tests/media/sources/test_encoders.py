"""A machine that lacks what a source needs says which thing that is."""

from pathlib import Path

import pytest

from regie.hub.gst import Gst
from regie.media.encoders import ENCODERS
from tests.media.sources.rig import running_source


def test_a_machine_without_an_encoder_says_so(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    encoders = {encoder.factory for encoder in ENCODERS}
    for plugin in Gst.Registry.get().get_plugin_list():
        features = Gst.Registry.get().get_feature_list_by_plugin(plugin.get_name())
        file = plugin.get_filename()
        if file and encoders.isdisjoint(feature.get_name() for feature in features):
            (plugins / Path(file).name).symlink_to(file)
    monkeypatch.setenv("GST_PLUGIN_SYSTEM_PATH_1_0", str(plugins))
    monkeypatch.setenv("GST_REGISTRY", str(tmp_path / "registry"))
    with running_source(run_dir, "test", {"width": 320, "height": 180}) as source:
        source.wait_for("failed", "this machine has no H.264 encoder", 60)
