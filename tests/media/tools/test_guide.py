"""The examples of the guide's pages on the API do what the guide says, at a real Regie."""

import argparse
import re
import shlex
import urllib.request
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.support.instance import Instance
from tests.support.wait import until

GUIDE = Path(__file__).parents[3] / "docs/guide"
LEFT_OUT = ("offer.sdp", "<session>", "logo.svg", "<still>")  # they need a viewer, or a file


def examples(page: str, instance: Instance) -> Iterator[urllib.request.Request]:
    """Every curl command of the guide as a request, but those that need a viewer."""
    curl = argparse.ArgumentParser()
    curl.add_argument("-s", action="store_true")
    curl.add_argument("-H", action="append", default=[])
    for option in ("-X", "-d", "-o"):
        curl.add_argument(option)
    curl.add_argument("url")
    for line in re.sub(r"\\\n\s*", " ", (GUIDE / page).read_text()).splitlines():
        command = line.strip().replace("$REGIE", instance.base_url)
        command = command.replace("$AUTH", f"Authorization: Bearer {instance.token}")
        if command.startswith("curl") and not any(word in command for word in LEFT_OUT):
            asked = curl.parse_args(shlex.split(command, comments=True)[1:])
            headers = dict(header.split(": ", 1) for header in asked.H)
            data = asked.d.encode() if asked.d else None
            yield urllib.request.Request(asked.url, data, headers, method=asked.X)


@pytest.mark.parametrize(("pages", "least"), [(["api.md", "overlays.md"], 27), (["switcher.md"], 10)])
def test_every_example_of_the_guide_is_answered_well(
    pages: list[str], least: int, instance: Instance
) -> None:
    paths = "/paths"
    until(
        lambda: all(path["state"] == "live" for path in instance.request("GET", paths)), 60, "four pictures"
    )
    answered = []
    for request in chain.from_iterable(examples(page, instance) for page in pages):
        with urllib.request.urlopen(request, timeout=20) as reply:  # an error status raises
            answered.append((request.full_url, reply.status, reply.headers.get_content_type()))
    assert len(answered) >= least
    assert {kind for address, _, kind in answered if ".jpg" in address} <= {"image/jpeg"}
