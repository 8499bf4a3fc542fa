"""What the page draws while the processor computes, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BOOT, wait_ready

pytestmark = pytest.mark.timed

SETTINGS = {
    "prompt": "a red car on the beach at sunset",
    "seed": 7,
    "steps": 6,
    "sampler": "ddim",
    "preview": "full",
}
BEAT = 500  # milliseconds, the least from one telling to the next
WAITING = 150  # milliseconds between two places of the lamp: less than half a beat, more than any frame

# Before any script of the page: two cores, whatever the machine has; and counters of what costs the page its time.
INIT = """
Object.defineProperty(Navigator.prototype, "hardwareConcurrency", { get: () => 2 });
globalThis.counts = { searches: 0, images: 0 };
const counting = (prototype, method, name) => {
  const { [method]: original } = prototype;
  prototype[method] = function (...given) {
    counts[name] += 1;
    return original.apply(this, given);
  };
};
counting(XPathEvaluator.prototype, "createExpression", "searches");
counting(CanvasRenderingContext2D.prototype, "putImageData", "images");
counting(CanvasRenderingContext2D.prototype, "drawImage", "images");
"""

# A live run: where the lamp stood and when, how often the pictures changed, the motions, and what came of it.
RUN = """async (settings) => {
  const root = document.documentElement;
  const slider = document.querySelector(".track");
  const strip = () => Number(slider.getAttribute("aria-valuemax"));
  const lamp = { times: [], place: "" };
  const motions = new Set();
  const tellings = [];
  const watcher = new MutationObserver(() => {
    const { transform } = document.querySelector(".stage .lamp-mark").style;
    if (transform !== lamp.place && root.dataset.motion === "calm") lamp.times.push(performance.now());
    lamp.place = transform;
    if (strip() !== tellings.at(-1)) tellings.push(strip());
    motions.add(root.dataset.motion);
  });
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
  const steps = [];
  const { ms, frames } = await diffuscope.generate(settings, ({ step }) => steps.push(step));
  await new Promise((done) => setTimeout(done, 300));
  watcher.disconnect();
  return { ms, steps, frames: frames.length, strip: strip(), tellings, motions: [...motions],
    after: root.dataset.motion, waits: lamp.times.slice(1).map((time, index) => time - lamp.times[index]) };
}"""


@pytest.fixture(scope="module")
def two_cores(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A ready page that believes to be on two cores."""
    context = chromium.new_context()
    context.set_default_timeout(BOOT)
    context.add_init_script(INIT)
    page = context.new_page()
    page.goto(site_url)
    wait_ready(page)
    yield page
    context.close()


@pytest.fixture
def count(two_cores: Page) -> Callable[[str, str], int]:
    """How often something is done while a script runs, and in the frames after it."""

    def counted(name: str, script: str) -> int:
        return two_cores.evaluate(
            f"""async () => {{
              const before = counts.{name};
              {script};
              await new Promise((done) => setTimeout(done, 300));
              return counts.{name} - before;
            }}"""
        )

    return counted


def test_on_two_cores_the_page_moves_in_beats_and_loses_no_frame(two_cores: Page) -> None:
    steps = 24  # several beats, however fast the machine
    told = two_cores.evaluate(RUN, SETTINGS | {"steps": steps})
    assert "calm" in told["motions"]
    assert told["after"] == "full"
    assert told["steps"] == list(range(1, steps + 1))
    assert told["frames"] == told["strip"] == told["tellings"][-1] == steps
    assert len(told["tellings"]) <= told["ms"] / BEAT + 3
    # What is told moves the lamp too, so single waits may be short; a lamp at every frame has hardly a long one.
    waits = sorted(told["waits"])
    assert waits[len(waits) // 2] >= WAITING


def test_pause_and_cancel_are_told_at_once(two_cores: Page) -> None:
    times = two_cores.evaluate(
        """async (settings) => {
          const buttons = () => [...document.querySelectorAll("#actions button")];
          const name = (label) => buttons().some(({ textContent }) => textContent === label);
          const until = async (what) => {
            const began = performance.now();
            while (!what()) await new Promise((done) => setTimeout(done, 1));
            return performance.now() - began;
          };
          const first = Promise.withResolvers();
          const run = diffuscope.generate({ ...settings, steps: 40 }, first.resolve).catch(({ name }) => name);
          await first.promise;
          diffuscope.pause();
          const paused = await until(() => name("Resume"));
          diffuscope.resume();
          await until(() => name("Pause"));
          diffuscope.cancel();
          const cancelled = await until(() => name("Generate"));
          return { paused, cancelled, end: await run };
        }""",
        SETTINGS,
    )
    assert times["end"] == "AbortError"
    assert max(times["paused"], times["cancelled"]) < 250  # half a beat


def test_pyscript_no_longer_searches_what_the_page_changes(
    two_cores: Page, count: Callable[[str, str], int]
) -> None:
    assert two_cores.evaluate("counts.searches") > 0, "PyScript searches otherwise than by XPath now"
    assert count("searches", "document.body.append(document.createElement('p'))") == 0


def test_what_has_not_changed_is_not_painted_again(two_cores: Page, count: Callable[[str, str], int]) -> None:
    two_cores.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", SETTINGS)
    # The last step is on show already; now it is asked for by its number.
    last = "document.querySelector('.frames li:last-child button').click()"
    assert count("images", last) == 0
    assert count("images", last.replace("last", "first")) > 0
