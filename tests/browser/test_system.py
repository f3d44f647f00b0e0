"""The System page: logs are followed, and what must be known is told over whatever is open."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, wait_live
from tests.support.instance import Instance

LOG_REQUEST = "**/api/v1/workers/*/logs?*"


def open_log(page: Page, worker_id: str) -> None:
    page.get_by_role("button", name=f"Log of {worker_id}").click()
    expect(page.get_by_role("checkbox", name="Follow")).to_be_checked()


def test_a_log_is_followed_again_after_it_was_not(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/system")
    open_log(page, "edge-0")
    follow = page.get_by_role("checkbox", name="Follow")
    with page.expect_response(LOG_REQUEST):
        follow.uncheck()
    with page.expect_response(LOG_REQUEST):
        follow.check()
    with page.expect_response(LOG_REQUEST):  # and once more, without anybody doing anything
        pass


def test_a_restart_from_the_log_is_confirmed_and_told_in_the_drawer(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio, "/system")
    open_log(page, "src-cam4")
    try:
        page.get_by_role("button", name="Restart src-cam4").last.click()
        confirmation = page.get_by_role("dialog", name="Restart src-cam4?")
        confirmation.get_by_role("button", name="Restart").click()
        toast = page.get_by_role("status").filter(has_text="src-cam4 restarts")
        expect(toast).to_be_visible()
        toast.get_by_role("button", name="Dismiss").click()
        expect(toast).to_have_count(0)
    finally:
        wait_live(studio)


def test_a_lost_connection_is_told_in_front_of_a_dialog(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/system")
    open_log(page, "edge-0")
    page.context.set_offline(True)
    banner = page.get_by_role("dialog").get_by_text("Connection to the control room lost")
    expect(banner).to_be_visible()
    page.context.set_offline(False)
    expect(banner).to_have_count(0)
