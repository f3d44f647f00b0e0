"""`regie doctor`: does this machine have what Regie needs, and how to mend what it lacks."""

import dataclasses
import json
from collections.abc import Iterator

from regie.media.doctor.finding import Finding, Grade
from regie.media.doctor.gstreamer import gstreamer_findings
from regie.media.doctor.machine import machine_findings
from regie.media.doctor.ports import port_findings
from regie.media.doctor.titles import title_findings
from regie.media.verdicts import Verdicts
from regie.settings import Settings

_MARKS = {Grade.GOOD: "✓", Grade.WARNING: "!", Grade.MISSING: "✗"}


def run(settings: Settings, as_json: bool = False) -> int:
    """Print every finding as it is made; 1 when something that is needed is missing, else 0."""
    findings = []
    Verdicts(settings.run_dir).forget()  # what has been mended shall be used from the next start of a worker
    for finding in examined(settings):
        findings.append(finding)
        if not as_json:
            print(_line(finding), flush=True)
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        print(_verdict(findings))
    return int(any(finding.grade is Grade.MISSING for finding in findings))


def examined(settings: Settings) -> Iterator[Finding]:
    yield from machine_findings(settings)
    yield from port_findings(settings)
    yield from gstreamer_findings()
    yield from title_findings()


def _line(finding: Finding) -> str:
    line = f"{_MARKS[finding.grade]} {finding.name}: {finding.text}"
    return f"{line}\n    → {finding.mend}" if finding.mend else line


def _verdict(findings: list[Finding]) -> str:
    missing = [finding.name for finding in findings if finding.grade is Grade.MISSING]
    if missing:
        return f"\nRegie will not run well here until this is mended: {', '.join(missing)}."
    return "\nRegie can run here."
