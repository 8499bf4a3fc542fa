"""The page's Content-Security-Policy: nothing that the page does breaks it, and what it forbids is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.conftest import BOOT, wait_ready
from tests.browser.controls import button, finish

WATCH = """addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
  console.error(`Content Security Policy: ${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`));"""

# Out of the driver's own evaluation, which no policy concerns: what becomes of a string.
EVALUATE = """() => new Promise((done) => setTimeout(() => {
  const outcome = (text) => {
    try { return String(text()); } catch (error) { return error.name; }
  };
  done([outcome(() => (0, eval)("1 + 1")), outcome(() => Function("return 2")())]);
}))"""


@dataclass
class Visit:
    """A first visit, and what was reported against the policy since it began."""

    page: Page
    reported: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.reported.append(message.text)


@pytest.fixture(scope="module")
def visit(chromium: Browser, site_url: str) -> Iterator[Visit]:
    context = chromium.new_context()
    context.set_default_timeout(BOOT)
    context.add_init_script(WATCH)
    visit = Visit(context.new_page())
    context.on("console", visit.hear)
    visit.page.goto(site_url)
    yield visit
    context.close()


# The tests of this module follow one visit, in this order.


def test_nothing_is_reported_while_a_recording_plays_and_the_engine_starts(visit: Visit) -> None:
    expect(visit.page.get_by_role("img", name="Step 3 of").first).to_be_visible(timeout=BOOT)
    wait_ready(visit.page)
    assert visit.reported == []


def test_nothing_is_reported_while_a_picture_is_made_looked_at_and_saved(visit: Visit) -> None:
    page = visit.page
    page.evaluate("diffuscope.generate({ prompt: 'a red car', steps: 2 }).then(() => null)")
    page.keyboard.press("w")
    page.keyboard.press("Enter")
    for part in range(1, 8):
        page.keyboard.press(str(part))
    page.keyboard.press("Escape")
    with page.expect_download():
        button(page, "Save").click()
    page.locator("button.engine").click()
    expect(page.get_by_role("dialog", name="Models")).to_contain_text("Miniature")
    page.keyboard.press("Escape")
    finish(page)
    assert visit.reported == []


def test_neither_the_page_nor_its_python_makes_javascript_of_a_string(visit: Visit) -> None:
    assert visit.page.evaluate(EVALUATE) == ["EvalError", "EvalError"]
    [python] = [worker for worker in visit.page.workers if worker.url.startswith("blob:")]
    assert python.evaluate(EVALUATE) == ["EvalError", "EvalError"]


def test_inline_scripts_and_styles_are_refused_and_reported(visit: Visit) -> None:
    visit.reported.clear()
    injected = """() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.injected = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", `<img src="nowhere" onerror="globalThis.injected = true">`);
      document.body.insertAdjacentHTML("beforeend", `<p id="painted" style="color: rgb(1, 2, 3)"></p>`);
      return new Promise((done) => setTimeout(done, 500)).then(() =>
        [globalThis.injected ?? null, getComputedStyle(document.querySelector("#painted")).color]);
    }"""
    ran, colour = visit.page.evaluate(injected)
    assert ran is None
    assert colour != "rgb(1, 2, 3)"
    assert {"script-src-elem", "script-src-attr", "style-src-attr"} <= {
        text.split()[3] for text in visit.reported if text.startswith("Content Security Policy: ")
    }
