"""What is for operators alone: the addresses of people, and the options of sources, which hold cameras'."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from regie.domain.access import Identity, Role

_WITHHELD: Mapping[str, Any] = {"remote": "", "options": {}}


def sees_all(identity: Identity) -> bool:
    return identity.role.includes(Role.OPERATOR)


def seen_by[M: BaseModel](identity: Identity, model: M) -> M:
    return model if sees_all(identity) else type(model).model_validate(discreet(model.model_dump()))


def discreet(value: Any) -> Any:
    """The same JSON with nothing in it that a viewer should not see."""
    if isinstance(value, Mapping):
        return {key: _WITHHELD[key] if key in _WITHHELD else discreet(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [discreet(item) for item in value]
    return value
