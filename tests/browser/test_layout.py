"""Every page on a phone, a laptop and a wall: nothing sticks out, fingers hit, screen readers can read."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.browse import newer_than
from tests.browser.conftest import OpenPage
from tests.support.instance import Instance

PHONE: ViewportSize = {"width": 360, "height": 740}
LAPTOP: ViewportSize = {"width": 1366, "height": 768}
WALL: ViewportSize = {"width": 3840, "height": 2160}
PAGES = {
    "/": "Multiview",
    "/switcher": "Switcher",
    "/sources": "Sources",
    "/access": "Access",
    "/system": "System",
}

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}"""
_STICKS_OUT = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden, .skip"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.outerHTML.slice(0, 120))"""
_TOO_SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=radio]), select")]
  .filter((element) => element.checkVisibility() && !element.matches(".skip"))
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44)
  .map(([element, box]) => `${box.width} x ${box.height}: ${element.outerHTML.slice(0, 120)}`)"""


def opened(open_page: OpenPage, studio: Instance, path: str, size: ViewportSize) -> Page:
    page = open_page(studio, path, viewport=size, has_touch=size is PHONE, is_mobile=size is PHONE)
    expect(page.get_by_role("heading", name=PAGES[path], level=1)).to_be_visible()
    expect(page.get_by_text("Stage").or_(page.get_by_text("Log-in links")).first).to_be_visible()
    return page


@pytest.mark.parametrize("size", [PHONE, LAPTOP, WALL], ids=["phone", "laptop", "wall"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_sideways(
    studio: Instance, open_page: OpenPage, path: str, size: ViewportSize
) -> None:
    page = opened(open_page, studio, path, size)
    assert page.evaluate(_STICKS_OUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_an_enlarged_picture_fits_a_phone(studio: Instance, open_page: OpenPage) -> None:
    page = opened(open_page, studio, "/", PHONE)
    page.get_by_role("button", name="Speaker").tap()
    expect(page.get_by_role("button", name="Back to all").first).to_be_visible()
    assert page.evaluate(_STICKS_OUT) == []
    assert page.evaluate(_TOO_SMALL) == []


@pytest.mark.parametrize("path", PAGES)
def test_fingers_hit_every_control_on_a_phone(studio: Instance, open_page: OpenPage, path: str) -> None:
    page = opened(open_page, studio, path, PHONE)
    assert page.evaluate(_TOO_SMALL) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_axe_finds_nothing_to_complain_about(
    studio: Instance, open_page: OpenPage, path: str, size: ViewportSize
) -> None:
    page = opened(open_page, studio, path, size)
    page.evaluate(AXE.read_text())
    assert page.evaluate(_VIOLATIONS) == []


def test_axe_finds_nothing_in_the_form_of_a_source_and_at_the_log_in(
    studio: Instance, open_page: OpenPage
) -> None:
    page = open_page(studio, "/sources/+new")
    page.get_by_role("button", name="Test picture").click()
    page.get_by_text("More settings").click()
    page.evaluate(AXE.read_text())
    assert page.evaluate(_VIOLATIONS) == []
    page.context.clear_cookies()
    page.goto(f"{studio.base_url}/login")
    expect(page.get_by_label("Link or token")).to_be_visible()
    page.evaluate(AXE.read_text())
    assert page.evaluate(_VIOLATIONS) == []


def test_the_grid_takes_the_space_there_is(studio: Instance, open_page: OpenPage) -> None:
    page = opened(open_page, studio, "/", WALL)
    boxes = [tile.bounding_box() for tile in page.locator("article").all()]
    assert sum(box["width"] * box["height"] for box in boxes if box) > 0.8 * WALL["width"] * WALL["height"]


def test_whoever_wants_less_motion_gets_less(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/", reduced_motion="reduce")
    newer_than(page, "cam1", 0)
    slow = """() => document.getAnimations().filter((animation) => {
      const { duration, iterations } = animation.effect.getComputedTiming();
      return duration > 1 || iterations > 1;
    }).length"""
    assert page.evaluate(slow) == 0


def test_the_scene_editor_fits_a_phone_and_axe_finds_nothing_in_it(
    studio: Instance, open_page: OpenPage
) -> None:
    page = opened(open_page, studio, "/switcher", PHONE)
    page.get_by_role("button", name="Scenes", exact=True).tap()
    page.get_by_role("button", name="Edit Quad").tap()
    expect(page.get_by_role("dialog").get_by_test_id("canvas")).to_be_visible()
    assert page.evaluate(_STICKS_OUT) == []
    page.evaluate(AXE.read_text())
    assert page.evaluate(_VIOLATIONS) == []


def test_the_titles_fit_a_phone_and_axe_finds_nothing_in_them(studio: Instance, open_page: OpenPage) -> None:
    page = opened(open_page, studio, "/switcher", PHONE)
    page.get_by_role("button", name="Titles", exact=True).tap()
    expect(page.get_by_role("textbox", name="Name")).to_be_visible()
    assert page.evaluate(_TOO_SMALL) == []
    page.evaluate(AXE.read_text())
    assert page.evaluate(_VIOLATIONS) == []
    page.get_by_role("button", name="Edit Lower third").tap()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Role")).to_be_visible()
    assert page.evaluate(_STICKS_OUT) == []
    assert page.evaluate(_VIOLATIONS) == []
