"""The commands' token goes to our own server and to nobody else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from regie.domain.errors import Unavailable
from regie.instance import ask


@contextmanager
def server(status: int, location: str = "") -> Iterator[tuple[int, list[str | None]]]:
    """Answers everything with this; its port, and the tokens it was sent."""
    tokens: list[str | None] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.append(self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listening.server_port, tokens
        finally:
            listening.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_stays_here(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cli.token").write_text("a-secret-token")
    with (
        server(200) as (elsewhere, got),
        server(status, f"http://127.0.0.1:{elsewhere}/api") as (port, asked),
    ):
        monkeypatch.setenv("REGIE_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("REGIE_HTTP_PORT", str(port))
        monkeypatch.setenv("REGIE_HTTP_HOST", "127.0.0.1")
        monkeypatch.delenv("REGIE_ADMIN_TOKEN", raising=False)
        with pytest.raises(Unavailable, match="is not Regie: it points elsewhere"):
            ask("GET", "/sources")
    assert asked == ["Bearer a-secret-token"]
    assert got == []
