"""What a person in front of Chromium waits for: the first picture, and the delay of every picture."""

import base64
import contextlib
import statistics
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.harness import Figure, at_most
from regie.domain.strip import read_strip
from tests.browser.browse import newer_than
from tests.browser.conftest import ARGUMENTS, CHROMIUM, LAPTOP, one_time_link, wait_live
from tests.support.instance import Instance, running_instance

CLICKS = 20
SAMPLES = 100
SOURCE = "cam1"

# From a click on the link to the first frame the tile's <video> presents.
_ARM = """source => {
  window.firstPicture = new Promise(resolve => {
    addEventListener("click", click => {
      const clicked = click.timeStamp;
      const look = () => {
        const video = document.querySelector(`article[data-source="${source}"] video`);
        if (video) video.requestVideoFrameCallback(now => resolve(now - clicked));
        else requestAnimationFrame(look);
      };
      look();
    }, { capture: true, once: true });
  });
}"""

# When each source's <video>, whichever it is by then, presented a frame.
_NOTE = """sources => {
  window.presented = {};
  for (const source of sources) {
    const times = window.presented[source] = [];
    let watched = null;
    const look = () => {
      const video = document.querySelector(`article[data-source="${source}"] video`);
      if (video && video !== watched) {
        watched = video;
        const seen = now => {
          times.push(now);
          if (video === watched) video.requestVideoFrameCallback(seen);
        };
        video.requestVideoFrameCallback(seen);
      }
      requestAnimationFrame(look);
    };
    look();
  }
}"""

# The upper quarter of one presented frame as luma, and when it was to be on the screen.
_SAMPLE = """(video, skip) => new Promise(resolve => {
  const seen = (now, about) => {
    if (skip-- > 0) return video.requestVideoFrameCallback(seen);
    const canvas = Object.assign(document.createElement("canvas"),
      { width: video.videoWidth, height: Math.ceil(video.videoHeight / 4) });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const luma = new Uint8Array(data.length / 4);
    for (let i = 0; i < luma.length; i++)
      luma[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    let text = "";
    for (let i = 0; i < luma.length; i += 8192) text += String.fromCharCode(...luma.subarray(i, i + 8192));
    resolve({ at: Math.max(now, about.expectedDisplayTime), width: canvas.width, luma: btoa(text) });
  };
  video.requestVideoFrameCallback(seen);
})"""


class Picture:
    """One tile's picture, as it stands or runs on the page."""

    def __init__(self, page: Page, source: str, offset_ms: float) -> None:
        self._page, self._source, self._offset_ms = page, source, offset_ms

    def longest_gap_s(self, since: float, until: float) -> float:
        """The longest time without a frame presented between two instants of the machine's clock."""
        first, last = (at * 1000 - self._offset_ms for at in (since, until))
        times: list[float] = self._page.evaluate(
            "([source, first, last]) => presented[source].filter(at => first < at && at < last)",
            [self._source, first, last],
        )
        return max(later - sooner for sooner, later in pairwise([first, *times, last])) / 1000


@contextlib.contextmanager
def watched_page(*sources: str) -> Iterator[tuple[Instance, list[Picture]]]:
    """The multiview of an instance that runs these of the demo's sources only."""
    with _page(*sources) as (instance, page):
        page.evaluate(_NOTE, sources)
        offset_ms = _clock_offset_ms(page)
        yield instance, [Picture(page, source, offset_ms) for source in sources]


def first_picture() -> Figure:
    """From the click on “Multiview” to the first picture of a tile."""
    times_s = []
    with _page(SOURCE) as (_, page):
        for _ in range(CLICKS):
            page.get_by_role("link", name="System").first.click()
            page.wait_for_url("**/system")
            page.evaluate(_ARM, SOURCE)
            page.get_by_role("link", name="Multiview").first.click()
            times_s.append(float(page.evaluate("window.firstPicture")) / 1000)
    how = (
        f"median of {CLICKS} clicks (slowest {max(times_s):.2f} s): click to the first frame presented, "
        "one source running"
    )
    return at_most(statistics.median(times_s), 0.5, "s", how)


def capture_to_pixels() -> Figure:
    """The age of the frames on the screen, by the time strip in their pixels."""
    with _page(SOURCE) as (_, page):
        newer_than(page, SOURCE, time.monotonic() * 1000 + 3000)  # the jitter buffer has settled
        video = page.locator(f'article[data-source="{SOURCE}"] video')
        offset_ms = _clock_offset_ms(page)
        ages = [_age_ms(video.evaluate(_SAMPLE, index % 7), offset_ms) for index in range(SAMPLES)]
    read = [age for age in ages if age is not None]
    p95 = statistics.quantiles(read, n=20)[-1]
    how = (
        f"median of {len(read)} frames of {len(ages)} (95th percentile {p95:.0f} ms): strip to display time, "
        "one source running"
    )
    return at_most(statistics.median(read), 120, "ms", how)


def _age_ms(sample: dict[str, Any], offset_ms: float) -> float | None:
    luma, width = base64.b64decode(sample["luma"]), int(sample["width"])
    capture_ms = read_strip([luma[start : start + width] for start in range(0, len(luma), width)])
    return None if capture_ms is None else float(sample["at"]) + offset_ms - capture_ms


def _clock_offset_ms(page: Page) -> float:
    """What to add to the page's clock to get the machine's monotonic one; the quickest of twenty askings."""
    answers = []
    for _ in range(20):
        asked = time.monotonic() * 1000
        said = float(page.evaluate("performance.now()"))
        answered = time.monotonic() * 1000
        answers.append((answered - asked, (asked + answered) / 2 - said))
    return min(answers)[1]


@contextlib.contextmanager
def _page(*sources: str) -> Iterator[tuple[Instance, Page]]:
    """The multiview of an instance at which these of the demo's sources run, and no other."""
    with running_instance() as instance, sync_playwright() as playwright:
        for source in instance.request("GET", "/sources"):
            if source["id"] not in sources:
                instance.request("DELETE", f"/sources/{source['id']}?force=true")
        wait_live(instance)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(viewport=LAPTOP).new_page()
        page.goto(one_time_link(instance))
        page.wait_for_url(f"{instance.base_url}/")
        for source in sources:
            newer_than(page, source, 0)
        yield instance, page
        browser.close()
