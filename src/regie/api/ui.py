"""The pages: the built UI, found beside this package. Anyone may load them; what they show needs a log-in."""

import html
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

import regie
from regie.api.envelope import policy_with_style

UI_DIR = Path(regie.__file__).parent / "ui"
NOT_PAGES = ("api", "whep", "docs", "openapi.json", "assets")

_STYLE = """body { background: #101418; color: #e6e6e6; font: 1rem/1.5 sans-serif; max-width: 40rem;
  margin: 15vh auto; padding: 1rem } a { color: #7ab7ff }"""
_NOT_BUILT = f"""<!doctype html><meta charset="utf-8"><title>Regie</title><style>{_STYLE}</style>
<h1>Regie is running, but its pages are not built</h1>
<p>In the project's directory run <code>make run</code>, which builds them, or <code>npm ci &amp;&amp; npm run
build</code> in <code>web</code>. They belong in <code>DIRECTORY</code>.</p>
<p>The API works: <a href="/docs">its reference</a>.</p>"""


class Pages:
    """Serves what no route took: a file of the UI, or the one page whose script shows the rest."""

    def __init__(self, directory: Path = UI_DIR) -> None:
        self._directory = directory.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            raise HTTPException(404, "there is no such WebSocket; the events are at /api/v1/events")
        await self._answer(scope["method"], scope["path"])(scope, receive, send)

    def _answer(self, method: str, path: str) -> Response:
        first = path.lstrip("/").partition("/")[0]
        file = self._file(path)
        if method not in ("GET", "HEAD") or (file is None and first in NOT_PAGES):
            raise HTTPException(404, "there is nothing at this address; /docs lists what there is")
        if file is None:
            return self._index()
        hashed = first == "assets"  # the build puts a hash of the content into these names
        cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return FileResponse(file, headers={"Cache-Control": cache})

    def _file(self, path: str) -> Path | None:
        """The file of this name, if it is one inside the UI's directory once everything is resolved."""
        try:
            file = (self._directory / path.lstrip("/")).resolve()
            inside = file.is_relative_to(self._directory) and file.is_file()
        except (OSError, ValueError):
            return None
        return file if inside and file.name != "index.html" else None

    def _index(self) -> Response:
        index = self._directory / "index.html"
        if not index.is_file():
            page = _NOT_BUILT.replace("DIRECTORY", html.escape(str(self._directory)))
            return HTMLResponse(page, 503, {"Content-Security-Policy": policy_with_style(_STYLE)})
        return FileResponse(index, headers={"Cache-Control": "no-cache"})
