"""Waiting for a condition, with a deadline and a word about what did not come true."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, overload

POLL_S = 0.05


def until[T](condition: Callable[[], T | None], timeout_s: float = 10.0, what: str = "") -> T:
    """The first truthy value of `condition`; an assertion error with its last failure after the deadline."""
    deadline = time.monotonic() + timeout_s
    while True:
        problem: object
        try:
            if value := condition():
                return value
            problem = value
        except Exception as error:
            problem = repr(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what or condition} (at last: {problem})")
        time.sleep(POLL_S)


@overload
async def eventually[T](
    condition: Callable[[], Awaitable[T | None]], timeout_s: float = 10.0, what: str = ""
) -> T: ...


@overload
async def eventually[T](condition: Callable[[], T | None], timeout_s: float = 10.0, what: str = "") -> T: ...


async def eventually(condition: Callable[[], Any], timeout_s: float = 10.0, what: str = "") -> Any:
    """`until` for coroutines: the condition may be awaitable."""
    deadline = time.monotonic() + timeout_s
    while True:
        problem: object
        try:
            value = condition()
            if isinstance(value, Awaitable):
                value = await value
            if value:
                return value
            problem = value
        except Exception as error:
            problem = repr(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what or condition} (at last: {problem})")
        await asyncio.sleep(POLL_S)
