"""`make bench`: measure on this machine what the README claims."""

import argparse
import json
import sys
from pathlib import Path

from bench.harness import (
    RESULTS,
    Figure,
    Kept,
    keep,
    markdown,
    measured,
    names_like,
    run_target,
    table,
    write_between_marks,
)

README = Path(__file__).parent.parent / "README.md"
FIGURES = {
    "edge_cpu_80_viewers": "bench.edge:edge_cpu_80_viewers",
    "edge_cpu_vs_janus": "bench.edge:edge_cpu_vs_janus",
    "edge_max_viewers": "bench.edge:edge_max_viewers",
    "first_picture": "bench.browser:first_picture",
    "capture_to_pixels": "bench.browser:capture_to_pixels",
    "hub_hop": "bench.sources:hub_hop",
    "rtsp_source_cpu": "bench.sources:rtsp_source_cpu",
    "source_rss": "bench.sources:source_rss",
    "server_rss": "bench.system:server_rss",
    "second_start": "bench.system:second_start",
    "source_kill": "bench.kills:source_kill",
    "edge_kill": "bench.kills:edge_kill",
    "server_kill": "bench.kills:server_kill",
    "engine_kill": "bench.kills:engine_kill",
    "mixer_frames": "bench.mixer:mixer_frames",
    "mixer_cpu": "bench.mixer:mixer_cpu",
    "mixer_cut": "bench.mixer:mixer_cut",
    "mixer_latency": "bench.mixer:mixer_latency",
    "mixer_lip_sync": "bench.soak:mixer_lip_sync",
    "mixer_kill": "bench.kills:mixer_kill",
}
LONG = {"mixer_memory": "bench.soak:mixer_memory"}  # measured only when asked for


def main() -> int:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="one figure, or all whose names begin so")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)  # how a measurement's process answers
    parser.add_argument("--readme", action="store_true", help="write what was measured last into the README")
    options = parser.parse_args()
    if options.readme:
        return _write_readme(json.loads(RESULTS.read_text()))
    if options.into:
        options.into.write_text(json.dumps(run_target((FIGURES | LONG)[options.only])))
        return 0
    names = names_like(options.only, FIGURES | LONG) if options.only else list(FIGURES)
    if not names:
        print(
            f"there is no figure {options.only!r}; known are:\n  " + "\n  ".join(FIGURES | LONG),
            file=sys.stderr,
        )
        return 2
    figures: dict[str, Figure] = {}
    for number, name in enumerate(names, 1):
        print(f"[{number}/{len(names)}] {name} …", file=sys.stderr, flush=True)
        figures[name] = measured(name, (FIGURES | LONG)[name])
        keep({name: figures[name]})
    print(table(figures))
    print(
        f"\nwritten to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}"
    )
    return int(any(figure["value"] is None for figure in figures.values()))


def _write_readme(kept: dict[str, Kept]) -> int:
    """Only what was measured as a whole: every figure, and all of one commit."""
    if missing := [name for name in FIGURES if "commit" not in kept.get(name, {})]:
        print(f"measure these first: {', '.join(missing)}", file=sys.stderr)
        return 1
    try:
        text = markdown({name: kept[name] for name in FIGURES})
    except ValueError as error:
        print(f"{error}; run all of `make bench` at one", file=sys.stderr)
        return 1
    write_between_marks(README, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
