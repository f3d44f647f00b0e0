"""No password leaves a process in a text."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.redact import MASK, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:s3cret@192.0.2.7:554/live", f"rtsp://admin:{MASK}@192.0.2.7:554/live"),
        ("rtsp://admin:p@ss:word@cam/live failed", f"rtsp://admin:{MASK}@cam/live failed"),
        (
            "srt://host:9000?passphrase=hunter2hunter2&latency=120",
            f"srt://host:9000?passphrase={MASK}&latency=120",
        ),
        ("https://host/login?token=abc", f"https://host/login?token={MASK}"),
        ("rtsp://bob@example.com:secret@cam/x", f"rtsp://bob@example.com:{MASK}@cam/x"),
        ("rtsp://admin:p#1?/x@cam", f"rtsp://admin:{MASK}@cam"),
        ("rtmp://:onlypass@host/app", f"rtmp://:{MASK}@host/app"),
        ("no address here: 10:30 a@b", "no address here: 10:30 a@b"),
        ("rtsp://host/a and rtsp://u:p@h/b", f"rtsp://host/a and rtsp://u:{MASK}@h/b"),
    ],
)
def test_the_secret_is_masked_and_the_rest_stays_readable(text: str, shown: str) -> None:
    assert redact(text) == shown


SECRET = st.text(string.ascii_letters + string.digits + "/?#:@!$*'(),;=.~", min_size=1).map(
    lambda text: f"zq{text}zq"
)


@given(SECRET, st.sampled_from(["rtsp", "srt", "http", "rtmp"]))
def test_whatever_the_password_is_it_does_not_show(secret: str, scheme: str) -> None:
    assert secret not in redact(f"cannot open {scheme}://user:{secret}@camera.local:554/stream?x=1 (refused)")
