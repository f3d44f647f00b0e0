"""The examples of the API's guide do what the guide says, at a real Regie."""

import argparse
import re
import shlex
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.support.instance import Instance
from tests.support.wait import until

GUIDE = Path(__file__).parents[3] / "docs/guide/api.md"


def examples(instance: Instance) -> Iterator[urllib.request.Request]:
    """Every curl command of the guide as a request; the offer needs a WebRTC peer and is left out."""
    curl = argparse.ArgumentParser()
    curl.add_argument("-s", action="store_true")
    curl.add_argument("-H", action="append", default=[])
    for option in ("-X", "-d", "-o"):
        curl.add_argument(option)
    curl.add_argument("url")
    for line in re.sub(r"\\\n\s*", " ", GUIDE.read_text()).splitlines():
        command = line.strip().replace("$REGIE", instance.base_url)
        command = command.replace("$AUTH", f"Authorization: Bearer {instance.token}")
        if command.startswith("curl") and "offer.sdp" not in command:
            asked = curl.parse_args(shlex.split(command, comments=True)[1:])
            headers = dict(header.split(": ", 1) for header in asked.H)
            data = asked.d.encode() if asked.d else None
            yield urllib.request.Request(asked.url, data, headers, method=asked.X)


def test_every_example_of_the_guide_is_answered_well(instance: Instance) -> None:
    paths = "/paths"
    until(
        lambda: all(path["state"] == "live" for path in instance.request("GET", paths)), 60, "four pictures"
    )
    answered = []
    for request in examples(instance):
        with urllib.request.urlopen(request, timeout=20) as reply:  # an error status raises
            answered.append((request.full_url, reply.status, reply.headers.get_content_type()))
    assert len(answered) >= 20
    assert (
        f"{instance.base_url}/api/v1/paths/src/cam1/snapshot.jpg?width=640",
        200,
        "image/jpeg",
    ) in answered
