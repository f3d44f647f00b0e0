"""`regie source …`: the HTTP API of the running instance, from a terminal."""

import argparse
import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from regie.domain.errors import Invalid

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
        if result["ok"]:
            print(_media_line("video", result), _media_line("audio", result), sep="\n")
        elif result.get("hint"):
            print(result["hint"])
    return 0 if result["ok"] else 1


def _remove(options: argparse.Namespace) -> int:
    _ask("DELETE", f"/sources/{quote(options.id, safe='')}{'?force=true' * options.force}")
    if options.json:
        return _print_json({})
    print(f"Removed {options.id}")
    return 0


def options_from_words(words: Sequence[str]) -> dict[str, Any]:
    """`rtsp://… latency_ms=200 tls=true` → options, as text: what is a number, its option knows."""
    options: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key.isidentifier():
            options[key] = value
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


def _media_line(stream: str, result: dict[str, Any]) -> str:
    media = result.get(stream)
    if not media:
        return f"no {stream}"
    size = f"{media['width']}x{media['height']}" if media.get("width") else ""
    rate = f"{media['fps']:.3g} fps" if media.get("fps") else ""
    return " ".join(word for word in (f"{stream}:", media.get("codec"), size, rate) if word)


def _print_json(value: object) -> int:
    print(json.dumps(value, indent=2, ensure_ascii=False))
    return 0


def _ask(method: str, path: str, body: object = None) -> Any:
    from regie.instance import ask  # noqa: PLC0415 (workers read this module for its parsers only)

    return ask(method, path, body)
