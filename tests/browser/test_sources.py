"""Sources are added, tested, changed and deleted at the page, also without a mouse."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.browse import newer_than, shown, tab_to
from tests.browser.conftest import OpenPage
from tests.support.instance import Instance
from tests.support.net import free_port
from tests.support.wait import until


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_by_keyboard_alone_a_source_is_added_tested_seen_live_and_deleted(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio)
    tab_to(page, page.get_by_role("link", name="Sources"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Add source"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Test picture"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Lobby")
    tab_to(page, page.get_by_role("button", name="Test connection"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("It works")).to_be_visible()
    until(lambda: shown(page.locator(".preview video")), 20, "the tested picture is seen")
    tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Add source"))
    page.keyboard.press("Enter")

    expect(row(page, "Lobby")).to_contain_text("Live")
    tab_to(page, page.get_by_role("button", name="Delete Lobby"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True))
    page.keyboard.press("Enter")
    expect(row(page, "Lobby")).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()  # and not the document, from which one would start anew
    assert "Lobby" not in [source["name"] for source in studio.request("GET", "/sources")]


def test_an_option_that_is_wrong_is_told_at_its_field(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/sources/+new")
    page.get_by_role("button", name="Test picture").click()
    page.get_by_role("textbox", name="Name").fill("Wrong")
    tone = page.get_by_label("Tone")
    tone.fill("40")
    page.get_by_role("dialog").get_by_role("button", name="Add source").click()
    expect(tone).to_have_attribute("aria-invalid", "true")
    described = str(tone.get_attribute("aria-describedby")).split()
    told = " ".join(page.locator(f"[id='{part}']").inner_text() for part in described)
    assert "50" in told  # what is allowed, in words
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_connection_test_says_what_is_wrong_and_what_to_do(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/sources/+new")
    page.get_by_role("button", name="RTSP").click()
    page.get_by_label("Address").fill(f"rtsp://anna:geheim@127.0.0.1:{free_port()}/live")
    page.get_by_role("button", name="Test connection").click()
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text("127.0.0.1", timeout=20_000)
    assert len(alert.locator("p").all()) == 2  # what is wrong, and what to do
    assert "geheim" not in alert.inner_text()


def test_a_source_is_renamed_stopped_and_started(studio: Instance, open_page: OpenPage) -> None:
    made = studio.request("POST", "/sources", {"name": "Old name", "kind": "test", "options": {}})
    page = open_page(studio, "/sources")
    try:
        page.get_by_role("button", name="Edit Old name").click()
        page.get_by_role("textbox", name="Name").fill("New name")
        page.get_by_role("button", name="Save").click()
        expect(row(page, "New name")).to_be_visible()
        page.get_by_role("button", name="Stop New name").click()
        expect(row(page, "New name")).to_contain_text("Stopped")
        page.get_by_role("button", name="Start New name").click()
        expect(row(page, "New name")).to_contain_text("Live")
    finally:
        studio.request("DELETE", f"/sources/{made['id']}?force=true")


def test_before_deleting_what_somebody_watches_the_page_says_who(
    studio: Instance, open_page: OpenPage
) -> None:
    watching = open_page(studio)
    newer_than(watching, "cam3", 0)
    page = open_page(studio, "/sources")
    page.get_by_role("button", name="Delete Audience").click()
    dialog = page.get_by_role("dialog")
    until(lambda: studio.request("GET", "/paths/src/cam3")["viewers"] > 0, what="the viewer is known")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_contain_text("is in use")
    expect(dialog).to_contain_text("127.0.0.1")
    expect(dialog.get_by_role("button", name="Delete anyway")).to_be_visible()
    dialog.get_by_role("button", name="Keep it").click()
    assert "cam3" in [source["id"] for source in studio.request("GET", "/sources")]


def test_a_test_that_has_ended_is_said_to_have_ended(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/sources/+new")
    page.get_by_role("button", name="Test picture").click()
    gone = {"status": 404, "title": "Not Found", "detail": "there is no such path"}
    page.route("**/whep/**", lambda route: route.fulfill(status=404, json=gone))
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The test has ended")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Test again").click()
    until(lambda: shown(page.locator(".preview video")), 20, "the picture is tested anew")


def test_a_source_that_is_called_new_can_be_edited(studio: Instance, open_page: OpenPage) -> None:
    made = studio.request("POST", "/sources", {"name": "New", "kind": "test", "options": {}})
    try:
        page = open_page(studio, f"/sources/{made['id']}")
        expect(page.get_by_role("dialog", name="Edit New")).to_be_visible()
    finally:
        studio.request("DELETE", f"/sources/{made['id']}?force=true")


def test_adding_works_once_the_kinds_can_be_had(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/access")
    page.route("**/api/v1/source-kinds", lambda route: route.abort())
    page.get_by_role("link", name="Sources").click()
    page.get_by_role("button", name="Add source").click()
    expect(page.get_by_role("alert")).to_contain_text("kinds of source")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("dialog", name="Add a source")).to_be_visible()
