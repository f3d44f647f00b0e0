"""What a person at the page sees and does: pictures read pixel by pixel, keys pressed one by one."""

import base64
import time
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from regie.domain.strip import read_strip
from tests.support.wait import until

# The upper quarter of what the <video> shows at this moment, as luma.
_LUMA = """video => {
  if (video.videoWidth === 0) return null;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = Math.ceil(video.videoHeight / 4);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let luma = "";
  for (let i = 0; i < data.length; i += 4) {
    luma += String.fromCharCode(Math.round(0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]));
  }
  return { width: canvas.width, luma: btoa(luma) };
}"""

_HAS_FOCUS = "element => element === document.activeElement"


@dataclass(frozen=True)
class Shown:
    """The time strip of the picture on the screen, on the one clock of this machine."""

    capture_ms: int
    seen_ms: float

    @property
    def age_ms(self) -> float:
        return self.seen_ms - self.capture_ms


def shown(video: Locator) -> Shown | None:
    """What the element shows now; None where there is no picture with a readable strip."""
    grabbed = video.evaluate(_LUMA)
    if grabbed is None:
        return None
    luma, width = base64.b64decode(grabbed["luma"]), int(grabbed["width"])
    capture_ms = read_strip([luma[start : start + width] for start in range(0, len(luma), width)])
    return None if capture_ms is None else Shown(capture_ms, time.monotonic() * 1000)


def tile(page: Page, source_id: str) -> Locator:
    return page.locator(f'article[data-source="{source_id}"]')


def video_of(page: Page, source_id: str) -> Locator:
    return tile(page, source_id).locator("video")


def playing(page: Page, source_id: str) -> bool:
    return tile(page, source_id).get_attribute("data-look") == "playing"


def frames(page: Page, source_id: str) -> int:
    """Frames presented so far, whatever the page says about them."""
    return int(
        video_of(page, source_id).evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames")
    )


def newer_than(page: Page, source_id: str, capture_ms: float, timeout_s: float = 15.0) -> Shown:
    """The first picture of a source that was captured after the given time."""

    def fresh() -> Shown | None:
        found = shown(video_of(page, source_id))
        return found if found is not None and found.capture_ms > capture_ms else None

    return until(fresh, timeout_s, f"a picture of {source_id} made after {capture_ms:.0f}")


def tab_to(page: Page, target: Locator, presses: int = 120) -> None:
    """Press Tab until the target has the focus: what cannot be reached so is not there for many people."""
    for _ in range(presses):
        if target.count() == 1 and target.evaluate(_HAS_FOCUS):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{presses} times Tab did not lead to {target}")
