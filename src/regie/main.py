"""The `regie` command and the composition root: only here are the parts wired together."""

import argparse
import asyncio
import importlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from regie import __version__
from regie.cli import add_source_commands
from regie.domain.errors import Invalid, RegieError
from regie.domain.redact import redact
from regie.domain.workers import Json, WorkerSpec
from regie.ending import deliver_ending_signals, hold_ending_signals
from regie.link.worker import WorkerContext, log_to_stderr

WORKERS = {
    "server": "regie.api.worker:run",
    "edge": "regie.edge.worker:run",
    "tools": "regie.media.tools:run",
    "source": "regie.media.source:run",
    "mixer": "regie.media.mix.worker:run",
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except RegieError as error:
        print(f"regie: {redact(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"       {redact(error.hint)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("regie", description="A live production control room.")
    parser.add_argument("--version", action="version", version=f"regie {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    up = commands.add_parser("up", aliases=["serve"], help="run Regie until it is interrupted")
    up.set_defaults(run=_up)
    link = commands.add_parser("link", help="print a new one-time log-in link for an administrator")
    link.add_argument("--if-first", action="store_true", help=argparse.SUPPRESS)
    link.set_defaults(run=_link)
    doctor = commands.add_parser(
        "doctor", help="check what this machine has, and how to mend what is missing"
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=_doctor)
    add_source_commands(commands)
    worker = commands.add_parser("worker", help="run one worker by hand, to see what it does")
    worker.add_argument("kind", choices=sorted(WORKERS))
    worker.add_argument("spec", nargs="?", help="its spec: JSON, @file, or - for standard input")
    worker.add_argument("--id", help=argparse.SUPPRESS)
    worker.add_argument("--run-dir", type=Path, help="the run directory whose hub it uses")
    worker.set_defaults(run=_worker)
    return parser


def _up(_: argparse.Namespace) -> int:
    hold_ending_signals()
    try:
        from regie.settings import read_settings
        from regie.up import up

        settings = read_settings()
        log_to_stderr(settings.log_level)
        return up(settings, frozenset(WORKERS))
    finally:
        deliver_ending_signals()


def _link(options: argparse.Namespace) -> int:
    from regie.settings import read_settings
    from regie.store.links import create_link, nobody_logged_in

    settings = read_settings()
    if options.if_first and not nobody_logged_in(settings):
        print("A new one-time log-in link: regie link")
        return 0
    print(f"Log in once, within 24 hours: {settings.base_url}/login#{create_link(settings)}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from regie.media.doctor import run
    from regie.settings import read_settings

    return run(read_settings(), as_json=options.json)


def _worker(options: argparse.Namespace) -> int:
    log_to_stderr(os.environ.get("REGIE_LOG_LEVEL") or "info")
    if options.id:
        return run_kind(options.kind, *_of_the_engine(options))
    with tempfile.TemporaryDirectory(prefix="regie-") as directory:
        return run_kind(options.kind, *_by_hand(options, Path(directory)))


def _of_the_engine(options: argparse.Namespace) -> tuple[WorkerContext, Json]:
    """A worker the engine started: its directory names it, so that the next engine finds it as well."""
    from regie.engine.build import fingerprint
    from regie.engine.directory import Identity, WorkerDirectory
    from regie.engine.process import sample

    if options.run_dir is None:
        raise Invalid("--id needs --run-dir")
    directory = WorkerDirectory(options.run_dir, WorkerSpec(options.id, options.kind).id)
    spec = directory.read_spec()
    if spec is None:
        raise Invalid(f"{directory.path}/spec.json is missing or damaged")
    me = sample(os.getpid())
    directory.write_identity(
        Identity(options.id, options.kind, os.getpid(), me.start_ticks if me else 0, fingerprint())
    )
    return WorkerContext(options.id, directory.path, options.run_dir), spec


def _by_hand(options: argparse.Namespace, directory: Path) -> tuple[WorkerContext, Json]:
    if options.spec is None:
        raise Invalid(f"what should the {options.kind} worker do?", "give its spec as JSON, @file, or -")
    run_dir = options.run_dir
    if run_dir is None:
        from regie.settings import read_settings

        run_dir = read_settings().run_dir
    return WorkerContext(f"hand-{os.getpid()}", directory, run_dir), _given_spec(options.spec)


def _given_spec(given: str) -> Json:
    text = sys.stdin.read() if given == "-" else given
    try:
        spec = json.loads(Path(given[1:]).read_text() if given.startswith("@") else text)
    except (OSError, ValueError) as error:
        raise Invalid(
            f"the spec cannot be read: {error}", "it is JSON, @file, or - for standard input"
        ) from error
    if not isinstance(spec, dict):
        raise Invalid(
            "a spec is a JSON object", 'such as {"path": "src/cam1", "kind": "test", "options": {}}'
        )
    return spec


def run_kind(kind: str, context: WorkerContext, spec: Json, table: Mapping[str, str] = WORKERS) -> int:
    """Run a worker until it is told to stop; what ends it early is the last line of its log."""
    module, _, function = table[kind].partition(":")
    log = logging.getLogger("regie")
    try:
        run: Callable[[WorkerContext, Json], Coroutine[Any, Any, None]]
        run = getattr(importlib.import_module(module), function)
        asyncio.run(run(context, spec))
    except RegieError as error:
        log.error("%s%s", error.message, f" ({error.hint})" if error.hint else "")
        return 1
    except Exception as error:
        log.exception("the %s worker failed", kind)
        log.error("internal error: %s", type(error).__name__)  # for people, after the traceback
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
