"""A real browser at a real Regie. The instance is shared by the tests that leave it as they found it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)

import regie
from tests.support.instance import Instance, light_instance
from tests.support.wait import until

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP: ViewportSize = {"width": 1366, "height": 768}
TIMEOUT_MS = 20_000
expect.set_options(timeout=TIMEOUT_MS)

type OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert (Path(regie.__file__).parent / "ui" / "index.html").is_file(), (
        "the pages are not built: run npm ci && npm run build in web/"
    )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def studio() -> Iterator[Instance]:
    """One instance for all tests that change nothing for good; every demo source is live."""
    with light_instance() as started:
        wait_live(started)
        yield started


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers that know nothing of each other, as on different machines; closed at the end."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**{"viewport": LAPTOP, **options})  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def log_in(browser: Browser) -> Callable[[Instance], StorageState]:
    """The cookies of a browser that opened a one-time link: made once for each instance."""
    known: dict[str, StorageState] = {}

    def logged_in(instance: Instance) -> StorageState:
        if instance.base_url not in known:
            context = browser.new_context()
            page = context.new_page()
            page.goto(one_time_link(instance))
            page.wait_for_url(f"{instance.base_url}/")
            known[instance.base_url] = context.storage_state()
            context.close()
        return known[instance.base_url]

    return logged_in


@pytest.fixture
def open_page(
    new_context: Callable[..., BrowserContext], log_in: Callable[[Instance], StorageState]
) -> Iterator[OpenPage]:
    """Open a page as an admin who is logged in. A script error on any of them fails the test."""
    errors: list[str] = []

    def opened(instance: Instance, path: str = "/", **options: object) -> Page:
        page = new_context(storage_state=log_in(instance), **options).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(instance.base_url + path)
        return page

    yield opened
    assert errors == []


def one_time_link(instance: Instance) -> str:
    """What `regie link` prints: what an operator would open."""
    printed = instance.run("link")
    assert printed.returncode == 0, printed.stderr
    return next(word for word in printed.stdout.split() if "/login#" in word)


def wait_live(instance: Instance, timeout_s: float = 30.0) -> None:
    def all_live() -> bool:
        return all(source["state"] == "live" for source in instance.request("GET", "/sources"))

    until(all_live, timeout_s, "every demo source live")
