"""The HTTP API of the instance that runs on this machine, for its commands."""

import json
import os
import ssl
import urllib.error
import urllib.request
from typing import Any

from regie.domain.errors import RegieError, Unauthenticated, Unavailable
from regie.settings import Settings, read_settings

TOKEN_FILE = "cli.token"  # noqa: S105 (a file's name: the server keeps a token for this machine's commands there)
TIMEOUT_S = 20.0


def ask(method: str, path: str, body: object = None) -> Any:
    """One call of the running instance's API; its problem documents become errors."""
    settings = read_settings()
    request = urllib.request.Request(  # noqa: S310 (the address is this machine's own, from the settings)
        f"{settings.local_url}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {_token(settings)}", "Content-Type": "application/json"},
    )
    try:
        with _opener().open(request, timeout=TIMEOUT_S) as reply:
            text = reply.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        raise _error_from_problem(error) from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"no Regie answers at {settings.local_url}", "start it with: regie up") from error


def _opener() -> urllib.request.OpenerDirector:
    """Straight to this machine and nowhere else: no proxy. Its own certificate rarely names it localhost."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirects
    )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token is for our own server. It sends nobody elsewhere, so what does is something else."""

    def redirect_request(self, request: urllib.request.Request, *_: object) -> None:
        raise Unavailable(
            f"what answers at {request.full_url} is not Regie: it points elsewhere",
            "check http_host and http_port in the settings",
        )


def _token(settings: Settings) -> str:
    if settings.admin_token is not None:
        return settings.admin_token.get_secret_value()
    file = settings.data_dir / TOKEN_FILE
    try:
        return file.read_text().strip()
    except OSError:
        raise Unauthenticated(
            f"{file} cannot be read",
            f"run this as the user Regie runs as (you are {os.environ.get('USER', os.getuid())}), "
            "or set REGIE_ADMIN_TOKEN",
        ) from None


def _error_from_problem(error: urllib.error.HTTPError) -> RegieError:
    try:
        problem = json.loads(error.read())
        message = str(problem.get("detail") or problem.get("title"))
        fields = [f"{item.get('field')}: {item.get('message')}" for item in problem.get("errors") or []]
        return RegieError("\n".join([message, *fields]), str(problem.get("hint") or ""))
    except (ValueError, AttributeError):
        return RegieError(f"Regie answered {error.code} {error.reason}")
