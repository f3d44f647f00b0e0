"""A show run at the switcher's page, by keys and by mouse; what is on air is judged by its pixels."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.support.instance import Instance
from tests.support.wait import until

ALIKE = 30.0  # mean difference of colour between two pictures of the same moving pattern
# What a <video> shows, as the mean colours of 8 columns of its lower half: there is no clock in it.
_COLUMNS = """video => {
  if (video.videoWidth === 0 || video.readyState < 2) return null;
  const canvas = document.createElement("canvas");
  canvas.width = 8; canvas.height = 2;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [width, height] = [video.videoWidth, video.videoHeight];
  context.drawImage(video, 0, height * 0.35, width, height * 0.45, 0, 0, 8, 2);
  return Array.from(context.getImageData(0, 0, 8, 2).data).filter((_, index) => index % 4 !== 3);
}"""


def monitor(page: Page, path: str) -> Locator:
    return page.locator(f'[data-path="{path}"] video')


def mean_colour(page: Page, path: str) -> list[float] | None:
    """Patterns move sideways: what stays is how much of each colour there is."""
    columns = monitor(page, path).evaluate(_COLUMNS)
    if columns is None:
        return None
    return [sum(columns[channel::3]) / (len(columns) / 3) for channel in range(3)]


def shows(page: Page, monitored: str, source: str) -> bool:
    """Whether a monitor shows this source, rather than any other."""
    seen = mean_colour(page, monitored)
    known = {name: mean_colour(page, f"src/{name}") for name in ("cam1", "cam2", "cam3", "cam4")}
    if seen is None or any(colour is None for colour in known.values()):
        return False
    off = {
        name: sum(abs(a - b) for a, b in zip(seen, colour, strict=True)) / 3
        for name, colour in known.items()
        if colour is not None
    }
    return off[source] < ALIKE and off[source] == min(off.values())


def test_a_show_is_run_by_keys_and_mouse(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/switcher")
    programme, preview = page.get_by_test_id("programme"), page.get_by_test_id("preview")
    until(lambda: mean_colour(page, "pgm/main") and mean_colour(page, "pvw/main"), 30, "both monitors play")

    page.keyboard.press("2")
    expect(preview).to_have_text("Speaker")
    expect(page.locator('[data-source="cam2"]')).to_have_attribute("data-tally", "preview")
    page.keyboard.press("Space")
    expect(programme).to_have_text("Speaker")
    expect(page.locator('[data-source="cam2"]')).to_have_attribute("data-tally", "programme")
    until(lambda: shows(page, "pgm/main", "cam2"), 10, "the speaker on air")

    page.get_by_role("button", name="Stage to preview").click()
    expect(preview).to_have_text("Stage")
    until(lambda: shows(page, "pvw/main", "cam1"), 10, "the stage in preview")
    page.get_by_role("button", name="wipe", exact=True).click()
    expect(page.get_by_role("button", name="wipe", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Auto").click()
    expect(programme).to_have_text("Stage")
    until(lambda: shows(page, "pgm/main", "cam1"), 10, "the stage on air")

    page.keyboard.press("Shift+3")
    expect(programme).to_have_text("Audience")
    page.get_by_role("button", name="Quad", exact=True).click()
    expect(preview).to_have_text("Quad")
    page.keyboard.press("Enter")
    expect(programme).to_have_text("Quad")
    expect(page.locator('[data-tally="programme"]')).to_have_count(4)

    page.get_by_role("button", name="Fade to black").click()
    until(lambda: max(mean_colour(page, "pgm/main") or [255]) < 24, 10, "black")
    page.get_by_role("button", name="Fade to black").click()
    until(lambda: max(mean_colour(page, "pgm/main") or [0]) > 40, 10, "the picture again")


def test_two_operators_see_each_others_changes(studio: Instance, open_page: OpenPage) -> None:
    one, other = open_page(studio, "/switcher"), open_page(studio, "/switcher")
    for page in (one, other):
        expect(page.get_by_test_id("preview")).not_to_have_text("unknown")
    one.keyboard.press("4")
    expect(other.get_by_test_id("preview")).to_have_text("Slides")
    fader = one.get_by_role("slider", name="Level of Speaker")
    fader.fill("-20")
    expect(other.get_by_role("slider", name="Level of Speaker")).to_have_js_property("value", "-20")
    one.get_by_role("group", name="Sound of Stage").get_by_role("button", name="Mute").click()
    muted = other.get_by_role("group", name="Sound of Stage").get_by_role("button", name="Mute")
    expect(muted).to_have_attribute("aria-pressed", "true")
    muted.click()
    expect(
        one.get_by_role("group", name="Sound of Stage").get_by_role("button", name="Mute")
    ).to_have_attribute("aria-pressed", "false")


def test_the_faders_show_what_is_heard(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/switcher")
    fills = page.get_by_role("group", name="Sound of Stage").locator(".fill")
    until(lambda: "inset(100" not in (fills.first.get_attribute("style") or "inset(100"), 10, "a level")
    before = fills.first.get_attribute("style")
    until(lambda: fills.first.get_attribute("style") != before, 10, "it moves")
