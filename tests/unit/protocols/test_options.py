"""The options of every source kind: what they take, what they hide, and that nothing breaks out of them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from regie.domain.errors import Invalid
from regie.domain.redact import MASK
from regie.domain.workers import Json
from regie.protocols.source import (
    NAMES,
    LaunchContext,
    checked_options,
    merged_options,
    public_options,
    source_kind,
)
from regie.protocols.source.kind import quoted
from regie.protocols.source.sdp import streams_from_sdp

MEDIA = Path("/srv/media")
EXAMPLES: dict[str, Json] = {
    "test": {},
    "file": {"path": "a.mp4"},
    "rtsp": {"url": "rtsp://192.0.2.7/cam"},
    "rtp": {"video_port": 5004},
    "srt": {"url": "srt://:9000"},
    "v4l2": {"device": "/dev/video0"},
}
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=60)


def launched(kind: str, options: Json, name: str = "Camera") -> str:
    checked = checked_options(kind, options, MEDIA)
    return source_kind(kind).launch(checked, LaunchContext(name, MEDIA, 0))


def test_every_kind_has_an_example_here_that_launches() -> None:
    assert tuple(EXAMPLES) == NAMES
    for kind, options in EXAMPLES.items():
        assert "name=media" in launched(kind, options)


def test_a_worker_has_its_own_kind_and_no_other() -> None:
    code = """
import sys, pathlib
import regie.media.source
regie.media.source.checked_options("rtsp", {"url": "rtsp://192.0.2.7/cam"}, pathlib.Path("/srv/media"))
print(*sorted(name for name in sys.modules if name.startswith("regie.protocols.source.")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == ["regie.protocols.source.kind", "regie.protocols.source.rtsp"]


@pytest.mark.parametrize("kind", NAMES)
def test_every_option_has_a_title(kind: str) -> None:
    for name, option in source_kind(kind).options.model_json_schema()["properties"].items():
        assert option.get("title") or "$ref" in option, name


@given(PRINTABLE)
def test_a_quoted_value_holds_nothing_a_launch_text_could_take_for_its_own(value: str) -> None:
    assert re.fullmatch(r'"\\"([A-Za-z0-9_\-+/:.]|\\\\[0-7]{3})*\\""', quoted(value))


@given(PRINTABLE)
def test_no_string_option_can_say_more_than_its_value(value: str) -> None:
    """Whatever stands in free text, the launch text is the same up to that one value."""
    cases: list[tuple[str, Json, str]] = [
        ("rtsp", {**EXAMPLES["rtsp"], "user": "u" + value, "password": "p" + value}, "Camera"),
        (
            "srt",
            {**EXAMPLES["srt"], "passphrase": "0123456789" + value[:60], "stream_id": "s" + value},
            "Camera",
        ),
        ("test", {}, value),
    ]
    for kind, options, name in cases:
        plain = {
            key: "x" * 12 if isinstance(text, str) and key != "url" else text for key, text in options.items()
        }
        assert _skeleton(launched(kind, options, name)) == _skeleton(launched(kind, plain, "x"))


def _skeleton(text: str) -> str:
    return re.sub(r'"\\"(?:[^"\\]|\\\\[0-7]{3})*\\""', "VALUE", text)


@pytest.mark.parametrize(
    ("kind", "options", "field"),
    [
        ("rtsp", {"url": "http://192.0.2.7/"}, "url"),
        ("rtsp", {"url": "file:///etc/passwd"}, "url"),
        ("rtsp", {"url": "rtsp://"}, "url"),
        ("rtsp", {"url": "rtsp://a b/"}, "url"),
        ("rtsp", {"url": "rtsp://host:99999/"}, "url"),
        ("rtsp", {"url": "rtsp://host/", "colour": "red"}, "colour"),
        ("rtsp", {"url": "rtsp://host/", "user": "a\nb"}, "user"),
        ("srt", {"url": "srt://host"}, "url"),
        ("srt", {"url": "srt://:9000", "passphrase": "short"}, "passphrase"),
        ("srt", {"url": "srt://:9000?colour=red"}, "options"),
        ("file", {"path": "../a.mp4"}, "path"),
        ("file", {"path": "/etc/a.mp4"}, "path"),
        ("file", {"path": "notes.txt"}, "path"),
        ("rtp", {}, "options"),
        ("rtp", {"video_port": 80}, "video_port"),
        ("rtp", {"video_port": 5004, "sender": "nobody"}, "sender"),
        ("v4l2", {"device": "/dev/sda"}, "device"),
        ("v4l2", {"device": "/dev/video0", "audio_device": "hw:1,0 ! filesink"}, "audio_device"),
        ("test", {"tone_hz": 441}, "tone_hz"),
    ],
)
def test_a_wrong_option_is_named(kind: str, options: Json, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_options(kind, options, MEDIA)
    errors: Any = caught.value.facts["errors"]
    assert [error["field"].partition(".")[0] for error in errors] == [field]


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Invalid, match="no source kind 'telepathy'") as caught:
        source_kind("telepathy")
    assert "rtsp" in caught.value.hint


def test_a_refusal_never_repeats_a_secret() -> None:
    with pytest.raises(Invalid) as caught:
        checked_options("srt", {"url": "srt://:9000", "passphrase": "hunter2"}, MEDIA)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint} {caught.value.facts}"


def test_secrets_are_masked_and_a_mask_sent_back_keeps_them() -> None:
    old = {"url": "rtsp://u:geheim@192.0.2.7/cam", "user": "u", "password": "geheim"}
    shown = public_options("rtsp", old)
    assert "geheim" not in str(shown)
    assert shown["password"] == MASK
    assert merged_options("rtsp", old, shown) == old
    assert merged_options("rtsp", old, {**shown, "password": "neu"})["password"] == "neu"
    assert merged_options("rtsp", old, {**shown, "user": "v"})["user"] == "v"


@pytest.mark.parametrize(
    ("old_url", "new_url", "field"),
    [
        pytest.param("rtsp://192.0.2.7/live", "rtsp://192.0.2.66/live", "password", id="another-machine"),
        pytest.param("rtsp://192.0.2.7/live", "rtsp://192.0.2.7:8554/live", "password", id="another-port"),
        pytest.param("rtsp://a:b@192.0.2.7/1", f"rtsp://a:{MASK}@192.0.2.66/1", "url", id="in-the-address"),
    ],
)
def test_a_saved_secret_is_never_sent_to_another_address(old_url: str, new_url: str, field: str) -> None:
    old = {"url": old_url, "user": "admin", "password": "hunter2"}
    sent = {**public_options("rtsp", old), "url": new_url}
    with pytest.raises(Invalid, match="enter the password again") as refused:
        merged_options("rtsp", old, sent)
    assert refused.value.facts["errors"] == [{"field": field, "message": refused.value.message}]


def test_another_stream_of_the_same_camera_keeps_the_password() -> None:
    old = {"url": "rtsp://192.0.2.7/low", "user": "admin", "password": "hunter2"}
    sent = {**public_options("rtsp", old), "url": "rtsp://192.0.2.7/high"}
    assert merged_options("rtsp", old, sent)["password"] == "hunter2"


def test_srt_options_may_stand_in_the_url() -> None:
    checked = checked_options("srt", {"url": "srt://:9000?passphrase=0123456789&latency=200"}, MEDIA)
    values = checked.model_dump()
    assert values["passphrase"] == SecretStr("0123456789")
    assert values["latency_ms"] == 200
    assert "0123456789" not in str(public_options("srt", {"url": "srt://:9000?passphrase=0123456789"}))


def test_credentials_leave_the_url_for_their_own_properties() -> None:
    text = launched("rtsp", {"url": "rtsp://op:p%40ss@192.0.2.7:8554/cam?channel=1"})
    assert f"location={quoted('rtsp://192.0.2.7:8554/cam?channel=1')}" in text
    assert f"user-id={quoted('op')} user-pw={quoted('p@ss')}" in text


SDP = """v=0
m=audio 5006 RTP/AVP 97
a=rtpmap:97 MPEG4-GENERIC/48000/2
a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;config=1190;evil=") ! filesink
m=video 5004 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAA8DxYuS,aMuMsg==
m=application 5008 RTP/AVP 98
"""


def test_an_sdp_describes_streams_and_smuggles_nothing() -> None:
    audio, video = streams_from_sdp(SDP)
    assert (video.media, video.port, video.payload, video.encoding) == ("video", 5004, 96, "H264")
    assert video.parameters["sprop-parameter-sets"].startswith("Z0LA")
    assert (audio.clock_rate, audio.channels, audio.parameters["config"]) == (48000, 2, "1190")
    assert "filesink" not in audio.caps


@given(st.text(max_size=300))
def test_any_text_is_an_sdp_or_refused(text: str) -> None:
    try:
        streams = streams_from_sdp(text)
    except ValueError:
        return
    assert streams


def test_the_port_after_each_rtp_port_is_taken_too() -> None:
    with pytest.raises(Invalid, match="leave a free port after each"):
        checked_options("rtp", {"video_port": 5004, "audio_port": 5005}, MEDIA)
    checked_options("rtp", {"video_port": 5004, "audio_port": 5006}, MEDIA)


def test_a_stream_id_is_as_secret_as_a_passphrase() -> None:
    options = {"url": "srt://192.0.2.7:9000", "stream_id": "#!::u=cam,s=k3y"}
    assert public_options("srt", options)["stream_id"] == MASK
    assert "k3y" not in repr(checked_options("srt", options, MEDIA))
    assert quoted("#!::u=cam,s=k3y") in launched("srt", options)
