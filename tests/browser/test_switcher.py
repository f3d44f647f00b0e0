"""A show run at the switcher's page, by keys and by mouse; what is on air is judged by its pixels."""

import re
import statistics
from pathlib import Path

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


def test_a_scene_is_edited_by_hand_and_seen_on_air(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/switcher")
    page.get_by_role("button", name="New scene").click()
    editor = page.get_by_role("dialog")
    editor.get_by_role("textbox", name="Name").fill("Corner")
    add = editor.get_by_role("combobox", name="Add a source")
    add.select_option("cam4")
    add.select_option("cam3")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)

    page.get_by_role("button", name="Corner", exact=True).click()
    expect(page.get_by_test_id("preview")).to_have_text("Corner")
    page.get_by_role("button", name="Edit Corner").click(force=True)
    expect(editor.get_by_text("Seen in preview")).to_be_visible()
    canvas = editor.get_by_test_id("canvas")
    drag(page, editor.locator('[data-item="cam3"] .label'), canvas, (-0.297, -0.295))
    box = editor.locator('[data-item="cam3"]')
    expect(box).to_have_attribute("style", re.compile("left: 0%; top: 0%"))  # it snapped
    drag(page, editor.locator('[data-handle="se"]'), canvas, (0.597, 0.597))
    expect(box).to_have_attribute("style", re.compile("width: 100%; height: 100%"))
    until(lambda: shows(page, "pvw/main", "cam3"), 10, "the audience all over the preview")

    page.keyboard.press("Control+z")
    expect(box).not_to_have_attribute("style", re.compile("width: 100%"))
    page.keyboard.press("Control+Shift+z")
    expect(box).to_have_attribute("style", re.compile("width: 100%"))
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor).to_have_count(0)
    page.keyboard.press("Space")
    until(lambda: shows(page, "pgm/main", "cam3"), 10, "the scene on air")

    page.get_by_role("button", name="Edit Corner").click(force=True)
    editor.get_by_role("button", name="Delete this scene").click()
    editor.get_by_role("button", name="Delete", exact=True).click()
    expect(editor.get_by_text("Corner is on air", exact=False)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+1")
    expect(page.get_by_test_id("programme")).to_have_text("Stage")
    page.keyboard.press("2")
    expect(page.get_by_test_id("preview")).to_have_text("Speaker")
    page.get_by_role("button", name="Edit Corner").click(force=True)
    editor.get_by_role("button", name="Delete this scene").click()
    editor.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Corner")).to_have_count(0)


def drag(page: Page, grip: Locator, canvas: Locator, by: tuple[float, float]) -> None:
    """Drag what is gripped, by fractions of the canvas."""
    start, area = grip.bounding_box(), canvas.bounding_box()
    assert start is not None
    assert area is not None
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + area["width"] * by[0], y + area["height"] * by[1], steps=8)
    page.mouse.up()


def test_a_tally_light_turns_red_and_green(studio: Instance, open_page: OpenPage) -> None:
    desk, camera = open_page(studio, "/switcher"), open_page(studio, "/tally/cam2")
    light = camera.locator("[data-tally]")
    desk.keyboard.press("Shift+1")
    desk.keyboard.press("2")
    expect(light).to_have_attribute("data-tally", "preview")
    expect(light).to_have_css("background-color", "rgb(10, 122, 52)")
    desk.keyboard.press("Space")
    expect(light).to_have_css("background-color", "rgb(208, 16, 12)")
    expect(camera.get_by_text("On air", exact=True)).to_be_visible()
    camera.goto(f"{studio.base_url}/tally/nobody")
    expect(light).to_have_attribute("data-tally", "doubt")


# When the words beside "Preview" become others, in milliseconds on the one clock of this machine.
_WHEN_CHANGED = """shown => new Promise(resolve => new MutationObserver((_, observer) => {
  observer.disconnect();
  resolve(performance.timeOrigin + performance.now());
}).observe(shown, { characterData: true, childList: true, subtree: true }))"""
_WATCH = f"shown => {{ window.changed = ({_WHEN_CHANGED})(shown); }}"


def test_two_pages_show_a_change_at_the_same_time(studio: Instance, open_page: OpenPage) -> None:
    pages = open_page(studio, "/switcher"), open_page(studio, "/switcher")
    for page in pages:
        expect(page.get_by_test_id("preview")).not_to_have_text("unknown")
    pages[0].keyboard.press("4")
    for page in pages:
        expect(page.get_by_test_id("preview")).to_have_text("Slides")
    apart: list[float] = []
    for key, name in [("1", "Stage"), ("2", "Speaker"), ("3", "Audience"), ("4", "Slides"), ("2", "Speaker")]:
        for page in pages:
            expect(page.get_by_test_id("preview")).not_to_have_text(name)
            page.get_by_test_id("preview").evaluate(_WATCH)
        pages[0].keyboard.press(key)
        one, other = (page.evaluate("window.changed") for page in pages)
        apart.append(abs(one - other))
    assert statistics.median(apart) < 100, apart


# The loudest of a moment of what an <audio> plays; 0 while it plays nothing.
_HEARD = """async audio => {
  const stream = audio.srcObject;
  if (stream === null || stream.getAudioTracks().length === 0) return 0;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const moment = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (const end = performance.now() + 1500; performance.now() < end; ) {
    await new Promise(requestAnimationFrame);
    analyser.getFloatTimeDomainData(moment);
    loudest = Math.max(loudest, ...moment);
  }
  await context.close();
  return loudest;
}"""


def test_solo_is_heard_in_the_headphones_while_the_programme_is_silent(
    studio: Instance, open_page: OpenPage
) -> None:
    page, other = open_page(studio, "/switcher"), open_page(studio, "/switcher")
    strip = page.get_by_role("group", name="Sound of Speaker")
    mutes = page.get_by_role("button", name="Mute", exact=True)
    for index in range(4):
        mutes.nth(index).click()
    expect(page.get_by_role("button", name="Mute", exact=True, pressed=True)).to_have_count(4)
    strip.get_by_role("button", name="Solo", exact=True).click()
    seen = other.get_by_role("group", name="Sound of Speaker").get_by_role("button", name="Solo", exact=True)
    expect(seen).to_have_attribute("aria-pressed", "true")
    headphones = page.locator('audio[data-path="mon/main"]')
    until(lambda: headphones.evaluate(_HEARD) > 0.02, 15, "the speaker in the headphones")
    expect(other.locator('audio[data-path="mon/main"]')).to_have_count(0)

    page.get_by_role("button", name="Solo off").click()
    expect(seen).to_have_attribute("aria-pressed", "false")
    expect(headphones).to_have_count(0)
    for index in range(4):
        mutes.nth(index).click()
    expect(page.get_by_role("button", name="Mute", exact=True, pressed=True)).to_have_count(0)


def test_latency_and_lip_sync_are_measured(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/switcher")
    page.get_by_role("button", name="Lip-sync").click()
    page.get_by_role("button", name="Measure Stage").click()
    result = page.get_by_role("dialog").get_by_role("status").nth(1)
    expect(result).to_contain_text("Measuring")
    expect(result).to_contain_text(re.compile(r"^\s*\d+ ms\s+from camera to hub"), timeout=30_000)
    expect(result).to_contain_text("sound")


def test_settings_change_what_was_changed_and_nothing_else(studio: Instance, open_page: OpenPage) -> None:
    page = open_page(studio, "/switcher")
    before = studio.request("GET", "/productions/main")["production"]
    for seconds in ("2", "0.5"):
        page.get_by_role("button", name="Programme", exact=True).click()
        page.get_by_label("A lost picture stays for").select_option(seconds)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        after = studio.request("GET", "/productions/main")["production"]
        assert after == {**before, "hold_s": float(seconds), "preview": after["preview"]}


# The mean colour of a rectangle of what a <video> shows, given in fractions of it.
_MEAN = """(video, [x, y, width, height]) => {
  const canvas = document.createElement("canvas");
  canvas.width = 16; canvas.height = 4;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [wide, high] = [video.videoWidth, video.videoHeight];
  context.drawImage(video, x * wide, y * high, width * wide, height * high, 0, 0, 16, 4);
  const { data } = context.getImageData(0, 0, 16, 4);
  const sum = channel => data.filter((_, index) => index % 4 === channel).reduce((a, b) => a + b);
  return [0, 1, 2].map(channel => sum(channel) / 64);
}"""
NAME, LONG_NAME, CORNER = (0.2, 0.79, 0.08, 0.04), (0.33, 0.8, 0.1, 0.1), (0.83, 0.09, 0.09, 0.05)


def mean_of(page: Page, box: tuple[float, float, float, float]) -> list[float]:
    found: list[float] = monitor(page, "pgm/main").evaluate(_MEAN, list(box))
    return found


def is_teal(page: Page, box: tuple[float, float, float, float]) -> bool:
    """As the audience's picture is, all over; a title's ground is grey."""
    red, _, blue = mean_of(page, box)
    return blue - red > 32


def test_a_title_is_typed_and_taken_to_air(studio: Instance, open_page: OpenPage) -> None:
    page, other = open_page(studio, "/switcher"), open_page(studio, "/switcher")
    page.keyboard.press("Shift+3")
    until(lambda: is_teal(page, NAME), 15, "the audience on air, and no title")
    page.get_by_role("button", name="Titles").click()
    take = page.get_by_role("button", name=re.compile("Lower third (Take|On air)"))
    page.keyboard.press("F1")
    expect(take).to_have_attribute("aria-pressed", "true")
    until(lambda: not is_teal(page, NAME), 10, "the title on air")
    assert is_teal(page, LONG_NAME)

    name = page.get_by_role("group", name="Text of Lower third").get_by_role("textbox", name="Name")
    before = name.input_value()
    name.fill("")
    name.press_sequentially("Somebody With A Rather Long Name", delay=10)
    until(lambda: not is_teal(page, LONG_NAME), 10, "the name that was typed, on air")
    other.get_by_role("button", name="Titles").click()
    theirs = other.get_by_role("group", name="Text of Lower third").get_by_role("textbox", name="Name")
    expect(theirs).to_have_value("Somebody With A Rather Long Name")
    other.keyboard.press("F1")
    expect(take).to_have_attribute("aria-pressed", "false")
    until(lambda: is_teal(page, NAME), 10, "no title any more")
    name.fill(before)
    expect(theirs).to_have_value(before)


def test_a_picture_is_uploaded_and_taken_to_air(
    studio: Instance, open_page: OpenPage, tmp_path: Path
) -> None:
    red = tmp_path / "red.svg"
    red.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90">'
        '<rect width="160" height="90" fill="#f00"/></svg>'
    )
    page = open_page(studio, "/switcher")
    page.get_by_role("button", name="Titles").click()
    page.get_by_role("button", name="Add a title").click()
    page.locator('[data-template="plain/still"]').click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Upload").set_input_files(red)
    expect(dialog.get_by_role("button", name="red.svg", exact=True)).to_have_attribute("aria-pressed", "true")
    dialog.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Still Take").click()

    def is_red() -> bool:
        seen = mean_of(page, CORNER)
        return seen[0] > 150 and max(seen[1:]) < 80

    until(is_red, 10, "the picture on air")
    page.get_by_role("button", name="Still On air").click()
    until(lambda: not is_red(), 10, "no picture any more")
    expect(page.get_by_role("button", name="Still Take")).to_be_visible()
    page.get_by_role("button", name="Edit Still").click()
    dialog.get_by_role("button", name="Earlier in the list").click()
    expect(page.locator("[data-overlay]").nth(1)).to_have_attribute("data-overlay", "still")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator('[data-overlay="still"]')).to_have_count(0)
