"""Links and tokens are made, used, seen and taken away at the page."""

import re
import urllib.error
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.browse import newer_than
from tests.browser.conftest import OpenPage, one_time_link
from tests.support.instance import Instance

type NewContext = Callable[..., BrowserContext]


def make_link(page: Page, name: str) -> str:
    page.get_by_role("button", name="New link").click()
    page.get_by_label("For whom").fill(name)
    page.get_by_role("button", name="Make link").click()
    return page.get_by_role("textbox", name="Link").input_value()


def test_a_link_lets_a_viewer_in_once_and_shows_no_more_than_a_viewer_may_see(
    studio: Instance, open_page: OpenPage, new_context: NewContext
) -> None:
    link = make_link(open_page(studio, "/access"), "Anna")
    anna = new_context().new_page()
    anna.goto(link)
    expect(anna.get_by_role("heading", name="Multiview")).to_be_visible()
    assert "#" not in anna.url
    expect(anna.get_by_role("link", name="Access")).to_have_count(0)
    anna.get_by_role("link", name="Sources").click()
    expect(anna.get_by_role("button", name="Add source")).to_be_disabled()

    second = new_context().new_page()
    second.goto(link)
    expect(second.get_by_role("alert")).to_contain_text("used")
    assert "#" not in second.url  # the token does not stay in the address bar


def test_whoever_is_logged_out_lands_at_the_log_in_page(
    studio: Instance, open_page: OpenPage, new_context: NewContext
) -> None:
    page = open_page(studio, "/access")
    ben = new_context().new_page()
    ben.goto(make_link(page, "Ben"))
    expect(ben.get_by_role("heading", name="Multiview")).to_be_visible()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Log out Ben").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    expect(ben.get_by_label("Link or token")).to_be_visible()


def test_what_is_shown_only_once_stays_until_it_is_done_with(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/access")
    link = make_link(page, "Carl")
    shown = page.get_by_role("textbox", name="Link")
    for _ in range(3):  # Chromium lets a page refuse only the first
        page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(shown).to_have_value(link)
    page.get_by_role("button", name="Done").click()
    expect(shown).to_have_count(0)


def test_marking_a_text_beyond_the_edge_of_a_dialog_does_not_close_it(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio, "/access")
    page.get_by_role("button", name="New link").click()
    name = page.get_by_label("For whom")
    name.fill("Dora")
    name.hover()
    page.mouse.down()
    page.mouse.move(5, 300)
    page.mouse.up()
    expect(name).to_have_value("Dora")
    page.mouse.click(5, 300)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_that_there_are_no_tokens_is_said_only_when_it_is_known(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio)
    page.route("**/api/v1/tokens", lambda route: route.abort())
    page.get_by_role("link", name="Access").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_text("Loading…")).to_have_count(3)
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No tokens.")).to_be_visible()


def test_whoever_logs_out_hangs_up_the_pictures_while_that_is_still_allowed(
    studio: Instance, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(one_time_link(studio))
    newer_than(page, "cam1", 0)
    hung_up: list[int] = []
    page.on(
        "response",
        lambda reply: (
            hung_up.append(reply.status)
            if reply.request.method == "DELETE" and "/whep/session/" in reply.url
            else None
        ),
    )
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Link or token")).to_be_visible()
    assert len(hung_up) >= 1
    assert set(hung_up) == {200}


def test_a_link_without_a_number_of_log_ins_is_not_sent(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/access")
    page.get_by_role("button", name="New link").click()
    page.get_by_label("For whom").fill("Emil")
    uses = page.get_by_label("Log-ins")
    uses.fill("")
    page.get_by_role("button", name="Make link").click()
    expect(uses).to_be_focused()  # where the browser says what is missing
    uses.fill("2")
    page.get_by_role("button", name="Make link").click()
    expect(page.get_by_role("textbox", name="Link")).to_have_value(re.compile("/login#"))


def test_a_page_that_is_not_let_in_says_why_and_keeps_trying(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/access")
    away = {"status": 503, "title": "Service Unavailable", "detail": "the database is away"}
    page.route("**/api/v1/session", lambda route: route.fulfill(status=503, json=away))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The database is away")
    page.unroute_all()
    expect(page.get_by_role("heading", name="Access")).to_be_visible()


def test_a_token_is_shown_once_works_and_is_revoked(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/access")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("What for").fill("Prometheus")
    page.get_by_role("button", name="Make token").click()
    token = page.get_by_role("textbox", name="Token").input_value()
    assert studio.request("GET", "/session", token=token)["role"] == "viewer"
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Prometheus", exact=True)).to_be_visible()
    assert token not in page.content()

    page.get_by_role("button", name="Revoke Prometheus").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Prometheus", exact=True)).to_have_count(0)
    with pytest.raises(urllib.error.HTTPError):
        studio.request("GET", "/session", token=token)


def test_the_log_in_page_says_how_to_get_in_and_takes_a_pasted_token(
    studio: Instance, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(studio.base_url)
    expect(page.get_by_text("regie link")).to_be_visible()
    expect(page.get_by_role("link", name="Skip to the content")).to_have_count(0)  # it would be a token
    page.get_by_label("Link or token").fill(studio.token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Multiview")).to_be_visible()
