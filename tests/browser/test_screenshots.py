"""The pictures of the README: taken by the tests, so that they show what there is.

They are written to docs/images where REGIE_SCREENSHOTS is set, otherwise where pytest keeps what tests make.
"""

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.browse import newer_than, playing
from tests.browser.conftest import OpenPage
from tests.support.instance import Instance
from tests.support.wait import until

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MAX_BYTES = 400_000
_ALL_LOADED = "all => all.length >= 4 && all.every((one) => one.complete && one.naturalWidth > 0)"
SOURCES = ("cam1", "cam2", "cam3", "cam4")


def save(page: Page, name: str, directory: Path) -> None:
    file = (IMAGES if os.environ.get("REGIE_SCREENSHOTS") else directory) / f"{name}.png"
    page.screenshot(path=file)
    assert 0 < file.stat().st_size < MAX_BYTES, f"{file} is too large for a repository"


def monitor_frames(page: Page) -> int:
    video = page.locator('[data-path="pgm/main"] video')
    return int(video.evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames"))


def watched(page: Page) -> None:
    for source_id in SOURCES:
        newer_than(page, source_id, 0)
    until(lambda: all(playing(page, source_id) for source_id in SOURCES), 20)
    expect(page.locator(".cover-title")).to_have_count(0)


def test_screenshots_are_taken(studio: Instance, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(studio)
    watched(page)
    save(page, "multiview", tmp_path)
    page.keyboard.press("1")
    page.keyboard.press("i")
    watched(page)
    save(page, "enlarged", tmp_path)

    page.goto(f"{studio.base_url}/switcher")
    page.keyboard.press("Shift+1")
    page.get_by_role("button", name="Quad", exact=True).click()
    expect(page.get_by_test_id("preview")).to_have_text("Quad")
    page.keyboard.press("F1")
    expect(page.get_by_role("button", name="Titles 1 on air")).to_be_visible()
    until(lambda: page.locator('.monitor[data-look="playing"]').count() == 6, 20, "all monitors play")
    newer = monitor_frames(page) + 25
    until(lambda: monitor_frames(page) > newer, 10, "the title is all there")
    save(page, "switcher", tmp_path)
    page.keyboard.press("F1")
    page.get_by_role("button", name="Edit Quad").click(force=True)
    expect(page.get_by_test_id("canvas").locator("video")).to_have_count(4)
    save(page, "scene-editor", tmp_path)

    page.goto(f"{studio.base_url}/sources")
    until(lambda: page.locator(".thumbnail img").evaluate_all(_ALL_LOADED), 20, "a still of every source")
    save(page, "sources", tmp_path)
    page.get_by_role("button", name="Add source").click()
    page.get_by_role("button", name="Test picture").click()
    page.get_by_label("Name").fill("Lobby")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator(".preview video.shown")).to_be_visible()
    save(page, "source-form", tmp_path)

    page.goto(f"{studio.base_url}/system")
    expect(page.locator("tr[data-worker]")).not_to_have_count(0)
    save(page, "system", tmp_path)


def test_a_screenshot_of_the_phone_is_taken(studio: Instance, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(studio, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    watched(page)
    save(page, "phone", tmp_path)
