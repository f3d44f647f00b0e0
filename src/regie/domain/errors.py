"""The one exception tree. Each error tells the operator which thing failed and what to do."""

from collections.abc import Mapping


class RegieError(Exception):
    """Something the operator can be told in a sentence; `hint` says what to do about it."""

    kind = "internal"

    def __init__(self, message: str, hint: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.facts: Mapping[str, object] = facts  # machine-readable extras, e.g. what uses a thing


class Invalid(RegieError):
    """The request is understood and wrong."""

    kind = "invalid"


class NotFound(RegieError):
    kind = "not-found"


class Conflict(RegieError):
    """It exists already, or what uses it forbids the change."""

    kind = "conflict"


class Unauthenticated(RegieError):
    kind = "unauthenticated"


class NotAllowed(RegieError):
    kind = "not-allowed"


class NotAcceptable(RegieError):
    kind = "not-acceptable"


class NotSupported(RegieError):
    """The content type, codec or feature is not one that is served here."""

    kind = "not-supported"


class TooLarge(RegieError):
    kind = "too-large"


class TooMany(RegieError):
    """A limit on attempts or on viewers is reached; trying again later may help."""

    kind = "too-many"


class Unavailable(RegieError):
    """A part that is needed is not there at the moment: it may come back by itself."""

    kind = "unavailable"


_BY_KIND: dict[str, type[RegieError]] = {
    cls.kind: cls
    for cls in (
        RegieError,
        Invalid,
        NotFound,
        Conflict,
        Unauthenticated,
        NotAllowed,
        NotAcceptable,
        NotSupported,
        TooLarge,
        TooMany,
        Unavailable,
    )
}


def wire_from_error(error: RegieError) -> dict[str, object]:
    """What crosses a process border for an error."""
    return {"kind": error.kind, "message": error.message, "hint": error.hint, "facts": dict(error.facts)}


def error_from_wire(wire: Mapping[str, object]) -> RegieError:
    """The error as it was raised on the other side; an unknown kind becomes a plain RegieError."""
    cls = _BY_KIND.get(str(wire.get("kind", "")), RegieError)
    facts = wire.get("facts")
    extras = {str(key): value for key, value in facts.items()} if isinstance(facts, Mapping) else {}
    return cls(str(wire.get("message", "unknown error")), str(wire.get("hint", "")), **extras)
