"""What the pure side quotes, GStreamer reads back: the same value, and nothing beside it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from regie.hub.gst import Gst
from regie.protocols.source.kind import quoted


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("C", "Zl")), min_size=1, max_size=80))
def test_any_text_survives_as_one_property(value: str) -> None:
    element = Gst.parse_launch(f"filesrc name=it location={quoted(value)} ! fakesink")
    assert element.get_by_name("it").get_property("location") == value
    assert len(element.children) == 2
