"""The multiview shows what happens now, by the pixels; it can be heard, enlarged and left by keys alone."""

from playwright.sync_api import expect

from tests.browser.browse import Shown, newer_than, playing, shown, tile, video_of
from tests.browser.conftest import OpenPage, wait_live
from tests.support.instance import Instance
from tests.support.wait import until

SOURCES = ("cam1", "cam2", "cam3", "cam4")
RECENT_MS = 1_000  # on a busy machine; the benchmark measures how quick it really is


def recent(picture: Shown | None) -> bool:
    return picture is not None and 0 < picture.age_ms < RECENT_MS


def test_four_tiles_show_pictures_that_were_made_a_moment_ago(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio)
    for source_id in SOURCES:
        first = newer_than(page, source_id, 0)
        newer_than(page, source_id, first.capture_ms + 200)
        until(lambda: recent(shown(video_of(page, source_id))), what=f"{source_id} shows what is now")  # noqa: B023


def test_the_ice_servers_are_asked_for_once_and_by_whoever_is_logged_in(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio, "/access")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if "/whep/" in request.url else None)
    page.get_by_role("link", name="Multiview", exact=True).click()
    for source_id in SOURCES:
        newer_than(page, source_id, 0)
    assert asked.count("POST") >= len(SOURCES)
    assert asked.count("GET") == 1
    assert asked.count("OPTIONS") == 0


def test_the_meters_show_the_tone_without_a_click(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio)
    for source_id in SOURCES:
        meter = tile(page, source_id).get_by_role("meter")
        until(lambda: int(meter.get_attribute("aria-valuenow") or -60) > -20, what=f"{source_id} is heard")  # noqa: B023
        bar = meter.locator(".cover").first
        before = bar.get_attribute("style")
        until(lambda: bar.get_attribute("style") != before, what=f"the meter of {source_id} moves")  # noqa: B023


def test_a_picture_is_enlarged_heard_muted_and_left_by_keys(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio)
    newer_than(page, "cam2", 0)
    small = tile(page, "cam2").bounding_box()
    assert small is not None

    page.keyboard.press("2")
    until(lambda: (tile(page, "cam2").bounding_box() or small)["width"] > 1.5 * small["width"])
    until(lambda: video_of(page, "cam2").evaluate("video => !video.muted"), what="it is heard")
    assert video_of(page, "cam1").evaluate("video => video.muted")
    page.keyboard.press("m")
    until(lambda: video_of(page, "cam2").evaluate("video => video.muted"), what="it is muted")

    page.keyboard.press("ArrowRight")
    until(lambda: (tile(page, "cam3").bounding_box() or small)["width"] > 1.5 * small["width"])
    page.keyboard.press("Escape")
    until(lambda: tile(page, "cam3").bounding_box()["width"] == small["width"])  # type: ignore[index]
    newer_than(page, "cam2", newer_than(page, "cam2", 0).capture_ms)


def test_a_stopped_source_says_so_instead_of_showing_its_last_picture(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio)
    last = newer_than(page, "cam4", 0)
    try:
        studio.request("POST", "/sources/cam4/stop")
        expect(tile(page, "cam4").locator(".cover-title")).to_have_text("Stopped")
        assert float(video_of(page, "cam4").evaluate("video => getComputedStyle(video).opacity")) < 0.2
        assert shown(video_of(page, "cam1")) is not None
    finally:
        studio.request("POST", "/sources/cam4/start")
        wait_live(studio)
    newer_than(page, "cam4", last.seen_ms)
    until(lambda: playing(page, "cam4"), what="the tile takes it for live again")
    expect(tile(page, "cam4").locator(".cover-title")).to_have_count(0)
