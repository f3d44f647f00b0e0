"""The distribution's Chromium with a page of its own."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Page, Playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM

AUTOPLAY = "--autoplay-policy=no-user-gesture-required"


@contextlib.contextmanager
def page_of(playwright: Playwright, url: str) -> Iterator[Page]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, AUTOPLAY])
    try:
        page = browser.new_page()
        page.goto(url)
        yield page
    finally:
        browser.close()
