"""The OpenAPI document, and the server's conformance to it under whatever schemathesis thinks of."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from regie.api.app import described_app
from tests.support.instance import Instance, light_instance

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = 10
DOCUMENT = described_app().openapi()
LEFT_OUT = (  # these have tests of their own
    "POST /api/v1/sources/probe",  # may take 12 seconds, by design
    "POST /api/v1/session",  # too many wrong tokens lock us out, by design
)
BODIES = (
    *("application/sdp", "application/trickle-ice-sdpfrag"),
    *("image/png", "image/jpeg", "image/svg+xml"),
)
FOUND: list[Any] = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]  # type: ignore[union-attr]
OPERATIONS = [operation for operation in FOUND if operation.label not in LEFT_OUT]


@schemathesis.serializer(*BODIES)
def as_text(_: Any, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def hammered() -> Iterator[Instance]:
    """An instance of its own: what is tried here changes it."""
    with light_instance() as started:
        yield started


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
@pytest.mark.parametrize("mode", list(GenerationMode), ids=["good", "bad"])
def test_every_answer_is_one_that_the_document_promises(
    operation: Any, mode: GenerationMode, hammered: Instance
) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hammer(case: Any) -> None:
        headers = {"Authorization": f"Bearer {hammered.token}"}
        response = case.call(hammered.base_url, headers=headers, timeout=20)
        if response.status_code == 503:  # a worker that is away for a moment says so, and for how long
            assert "retry-after" in {name.lower() for name in response.headers}
        else:
            case.validate_response(response, checks=CHECKS)

    with contextlib.suppress(Unsatisfiable):  # nothing about it can be wrong
        hammer()


def test_the_document_that_is_served_is_the_one_tried_here(hammered: Instance) -> None:
    hammered.wait_serving()  # it may have been asked to restart its server
    assert httpx.get(f"{hammered.base_url}/openapi.json", timeout=20).json() == DOCUMENT


def test_the_document_says_of_every_operation_who_may_call_it() -> None:
    operations = [
        (path, method, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 35
    public = {f"{method} {path}" for path, method, operation in operations if "security" not in operation}
    assert public == {
        "get /api/v1/health",
        "post /api/v1/session",
        "options /whep/{path}",
        "options /whep/session/{session}",
    }
    for path, method, operation in operations:
        assert operation.get("x-role", "public") in ("public", "viewer", "operator", "admin")
        assert operation["description"], f"{method} {path} does not say what it does"
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert "application/problem+json" in response["content"], f"{method} {path} {status}"


def test_requests_that_carry_unknown_fields_are_refused_by_the_document_too() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    asked = [
        *("NewSource", "SourceChange", "ProbeRequest", "LogIn", "NewToken", "NewLink"),
        *("SceneContent", "NewItem", "ProductionChange", "StripChange", "Cut", "Auto", "TBar"),
    ]
    assert {name: schemas[name].get("additionalProperties") for name in asked} == dict.fromkeys(asked, False)
