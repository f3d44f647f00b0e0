"""`regie source …`: the HTTP API of the running instance, from a terminal."""

import argparse
import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from regie.domain.errors import Invalid, RegieError, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from regie.settings import Settings

TOKEN_FILE = "cli.token"  # noqa: S105 (a file's name: the server keeps a token for this machine's commands there)
TIMEOUT_S = 20.0

type Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_source_commands(commands: Subcommands) -> None:
    source = commands.add_parser("source", help="list, add, remove or try out sources of the running Regie")
    actions = source.add_subparsers(required=True, metavar="action")
    listing = actions.add_parser("list", help="show the sources and how they are")
    listing.set_defaults(run=_list)
    add = actions.add_parser(
        "add", help="add a source: regie source add rtsp rtsp://192.0.2.7/live --name Door"
    )
    add.add_argument("--id", help="its id; made from the name otherwise")
    add.add_argument("--name", help="what people call it; the kind otherwise")
    add.add_argument("--stopped", action="store_true", help="do not start it yet")
    add.set_defaults(run=_add)
    probe = actions.add_parser("probe", help="try a source out without keeping it")
    probe.set_defaults(run=_probe)
    for parser in (add, probe):
        parser.add_argument("kind", help="test, file, rtsp, rtp, srt, v4l2, …")
        parser.add_argument(
            "options", nargs="*", metavar="URL|key=value", help="its URL, and further options"
        )
    remove = actions.add_parser("remove", help="remove a source")
    remove.add_argument("id")
    remove.add_argument("--force", action="store_true", help="even while it is being watched")
    remove.set_defaults(run=_remove)
    for parser in (listing, add, probe, remove):
        parser.add_argument("--json", action="store_true", help="print what the API answered")


def _list(options: argparse.Namespace) -> int:
    sources = _ask("GET", "/sources")
    if options.json:
        return _print_json(sources)
    rows = [(s["id"], s["name"], s["kind"], s["state"], s["reason"]) for s in sources]
    print(table(("ID", "NAME", "KIND", "STATE", "REASON"), rows) if rows else "There are no sources yet.")
    return 0


def _add(options: argparse.Namespace) -> int:
    body = {
        "name": options.name or options.kind,
        "kind": options.kind,
        "options": options_from_words(options.options),
        "enabled": not options.stopped,
    }
    source = _ask("POST", "/sources", body | ({"id": options.id} if options.id else {}))
    if options.json:
        return _print_json(source)
    print(f"Added {source['id']}: watch it at {source['path']}")
    return 0


def _probe(options: argparse.Namespace) -> int:
    body = {"kind": options.kind, "options": options_from_words(options.options)}
    result = _ask("POST", "/sources/probe", body)
    if options.json:
        _print_json(result)
    else:
        print("It works." if result["ok"] else f"It does not work: {result['reason'] or result['state']}")
        for line in (result.get("hint"), _media_line("video", result), _media_line("audio", result)):
            if line:
                print(line)
    return 0 if result["ok"] else 1


def _remove(options: argparse.Namespace) -> int:
    _ask("DELETE", f"/sources/{urllib.request.quote(options.id, safe='')}{'?force=true' * options.force}")
    if options.json:
        return _print_json({})
    print(f"Removed {options.id}")
    return 0


def options_from_words(words: Sequence[str]) -> dict[str, Any]:
    """`rtsp://… latency_ms=200 tls=true` → options; numbers and true/false are told from text."""
    options: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key.isidentifier():
            options[key] = _value(value)
        elif "://" in word and "url" not in options:
            options["url"] = word
        else:
            raise Invalid(f"{word!r} is neither a URL nor key=value")
    return options


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, *rows]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(str(cell).ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool | list | dict) else text


def _media_line(stream: str, result: dict[str, Any]) -> str:
    media = result.get(stream)
    if not media:
        return ""
    size = f" {media['width']}x{media['height']}" if media.get("width") else ""
    rate = f" {media['fps']:.3g} fps" if media.get("fps") else ""
    return f"{stream}: {media.get('codec', '')}{size}{rate}"


def _print_json(value: object) -> int:
    print(json.dumps(value, indent=2, ensure_ascii=False))
    return 0


def _ask(method: str, path: str, body: object = None) -> Any:
    """One call of the running instance's API; its problem documents become errors."""
    from regie.settings import read_settings  # noqa: PLC0415 (workers import this module's parser only)

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
    """Straight to this machine: no proxy, and its own certificate rarely names it localhost."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )


def _token(settings: "Settings") -> str:
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
        print(f"HTTP {error.code}", file=sys.stderr)
        return RegieError(f"Regie answered {error.code} {error.reason}")
