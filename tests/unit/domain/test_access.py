"""Access rules without a server: every role, every origin, every attempt."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.access import (
    SESSION_LIFE_S,
    SESSION_RENEWED_AFTER_S,
    Attempts,
    Role,
    address_key,
    cookie_from_secret,
    needs_renewal,
    origin_of,
    same_origin,
    same_secret,
    secret_from_cookie,
    secret_hash,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
OWN = frozenset({"http://box:8000", "https://regie.example"})

MAY = {
    (Role.VIEWER, Role.VIEWER): True,
    (Role.VIEWER, Role.OPERATOR): False,
    (Role.VIEWER, Role.ADMIN): False,
    (Role.OPERATOR, Role.VIEWER): True,
    (Role.OPERATOR, Role.OPERATOR): True,
    (Role.OPERATOR, Role.ADMIN): False,
    (Role.ADMIN, Role.VIEWER): True,
    (Role.ADMIN, Role.OPERATOR): True,
    (Role.ADMIN, Role.ADMIN): True,
}


@pytest.mark.parametrize(("have", "need"), list(itertools.product(Role, Role)))
def test_each_role_may_do_what_the_ones_below_it_may(have: Role, need: Role) -> None:
    assert have.includes(need) is MAY[have, need]


def test_a_cookie_gives_its_secret_back_only_to_the_key_that_signed_it() -> None:
    cookie = cookie_from_secret("s3cret", KEY)
    assert secret_from_cookie(cookie, KEY) == "s3cret"
    assert secret_from_cookie(cookie, OTHER_KEY) is None


@given(st.text())
def test_no_made_up_cookie_is_taken(text: str) -> None:
    assert secret_from_cookie(text, KEY) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_cookie_with_one_changed_character_is_not_taken(place: int, character: str) -> None:
    cookie = cookie_from_secret("s3cret", KEY)
    at = place % len(cookie)
    changed = cookie[:at] + character + cookie[at + 1 :]
    assert secret_from_cookie(changed, KEY) == ("s3cret" if changed == cookie else None)


def test_secrets_are_compared_and_hashed_as_a_whole() -> None:
    assert same_secret("rg_abc", "rg_abc")
    assert not same_secret("rg_abc", "rg_ab")
    assert not same_secret("", "rg_abc")
    assert len(secret_hash("rg_abc")) == 64


def test_a_session_is_renewed_when_it_was_used_for_an_hour() -> None:
    opened = 1000.0
    expires = opened + SESSION_LIFE_S
    assert not needs_renewal(expires, opened + SESSION_RENEWED_AFTER_S - 1)
    assert needs_renewal(expires, opened + SESSION_RENEWED_AFTER_S + 1)


@pytest.mark.parametrize(
    ("origin", "fetch_site", "trusted"),
    [
        ("http://box:8000", None, True),
        ("https://regie.example", None, True),
        ("https://regie.example:443", None, True),
        ("http://box:8001", None, False),
        ("https://box:8000", None, False),
        ("https://evil.example", None, False),
        ("http://box:8000.evil.example", None, False),
        ("null", None, False),
        ("", None, False),
        (None, None, False),
        (None, "same-origin", True),
        (None, "same-site", False),
        (None, "cross-site", False),
        (None, "none", False),
        ("http://box:8000", "cross-site", False),
    ],
)
def test_only_our_own_pages_are_trusted(origin: str | None, fetch_site: str | None, trusted: bool) -> None:
    assert same_origin(origin, fetch_site, OWN) is trusted


def test_an_unknown_own_address_trusts_nobody() -> None:
    assert not same_origin("nonsense", None, frozenset({""}))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Box:80/a?b#c", "http://box"),
        ("https://box:8443", "https://box:8443"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://user:password@box", "http://box"),
        ("ftp://box", ""),
        ("http://box:notaport", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@given(st.text())
def test_whatever_stands_in_an_origin_header_is_read_without_an_error(text: str) -> None:
    origin_of(text)
    address_key(text)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_attempts_are_counted_by_customer_not_by_address(address: str, key: str) -> None:
    assert address_key(address) == key


def test_ten_wrong_attempts_in_a_minute_make_one_wait_until_the_first_is_a_minute_old() -> None:
    attempts = Attempts()
    for second in range(10):
        assert attempts.wait_s("a", float(second)) == 0
        attempts.failed("a", float(second))
    assert attempts.wait_s("a", 10.0) == 50.0
    assert attempts.wait_s("b", 10.0) == 0
    assert attempts.wait_s("a", 59.9) > 0
    assert attempts.wait_s("a", 60.0) == 0


def test_slow_attempts_never_have_to_wait() -> None:
    attempts = Attempts(limit=3, window_s=60.0)
    for minute in range(20):
        attempts.failed("a", minute * 30.0)
        assert attempts.wait_s("a", minute * 30.0 + 30.0) == 0


def test_a_flood_of_addresses_does_not_fill_the_memory() -> None:
    attempts = Attempts(limit=1, max_keys=100)
    for number in range(1000):
        attempts.failed(str(number), 0.0)
    waiting = [number for number in range(1000) if attempts.wait_s(str(number), 1.0)]
    assert waiting == list(range(900, 1000))
