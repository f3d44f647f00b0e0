"""Errors cross a process border and stay what they were."""

import pytest

from regie.domain.errors import (
    Conflict,
    Invalid,
    NotFound,
    RegieError,
    TooMany,
    Unavailable,
    error_from_wire,
    wire_from_error,
)


@pytest.mark.parametrize("cls", [RegieError, Invalid, NotFound, Conflict, TooMany, Unavailable])
def test_an_error_arrives_as_it_was_raised(cls: type[RegieError]) -> None:
    arrived = error_from_wire(wire_from_error(cls("it broke", "mend it", used_by=["anna"])))
    assert type(arrived) is cls
    assert (arrived.message, arrived.hint, arrived.facts) == ("it broke", "mend it", {"used_by": ["anna"]})


def test_an_unknown_kind_is_still_an_error_one_can_tell() -> None:
    arrived = error_from_wire({"kind": "from-the-future", "message": "hm"})
    assert type(arrived) is RegieError
    assert arrived.message == "hm"
