"""Where things stand on every screen, what can be seen of them, and what the focus does: on recorded runs alone."""

from __future__ import annotations

import colorsys
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from export.site.site import WEB
from export.site.vendor import LIBRARIES
from tests.browser.longer import reworded
from tests.browser.test_page import button, contrast, words

RUNS = [run["name"] for run in json.loads((WEB / "recordings/index.json").read_text("utf-8"))["runs"]]
LONG = "two yellow balloons on the sea at night and a small boat in snow"
UNHEARD = "balloons"
TWELVE = "a Donaudampfschifffahrtsgesellschaftskapitän in a red car on the beach at sunset " + "x" * 60
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
STEPS = 10
Show = Callable[..., Page]


def answer(content: bytes, route: Route) -> None:
    route.fulfill(body=content)


@pytest.fixture(scope="module")
def recorded(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page whose engine never comes; of its recorded runs the second is of 14 words and the third of twelve."""
    context = chromium.new_context(service_workers="block", reduced_motion="reduce", viewport=LAPTOP)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    first = (WEB / f"recordings/{RUNS[0]}.run").read_bytes()
    for name, run in ((RUNS[1], reworded(first, LONG, UNHEARD)), (RUNS[2], reworded(first, TWELVE))):
        page.route(f"**/{name}.run", partial(answer, run))
    page.route("**/vendor/pyscript/**", lambda _: None)
    page.goto(site_url)
    yield page
    page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert not errors


@pytest.fixture
def show(recorded: Page) -> Iterator[Show]:
    """Shows one of the runs, finished, on a screen: nothing chosen, nothing opened, the page at its top."""

    def shown(prompt: str = "", size: dict[str, int] = LAPTOP) -> Page:
        recorded.set_viewport_size(LAPTOP)
        rest(recorded)
        count = len(prompt.split()) or 8
        if words(recorded).count() != count or recorded.locator(".frame[data-todo]").count():
            name = RUNS[["", LONG, TWELVE].index(prompt)].replace("-", " ")
            button(recorded, name).click()
            expect(words(recorded)).to_have_count(count)
        expect(recorded.locator(".frame:not([data-todo])")).to_have_count(STEPS, timeout=20_000)
        recorded.set_viewport_size(size)  # type: ignore[arg-type]
        recorded.evaluate("scrollTo(0, 0)")
        recorded.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return recorded

    yield shown
    recorded.emulate_media(forced_colors="none", color_scheme="light")


def rest(page: Page) -> None:
    """Close what is open, let go what is chosen."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def screen(width: int, height: int) -> dict[str, int]:
    return {"width": width, "height": height}


def box(place: Locator) -> dict[str, float]:
    found = place.bounding_box()
    assert found
    sides = {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}
    return {name: round(value, 1) for name, value in sides.items()}


def bottom_of_sight(page: Page) -> float:
    """Where the dock begins, or else the screen ends."""
    height = page.evaluate("innerHeight")
    docked = page.evaluate("getComputedStyle(document.querySelector('#actions')).position === 'fixed'")
    return box(page.locator("#actions"))["y"] if docked else height


def wider_than_the_screen(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_a_word_chosen_in_part_1_keeps_the_focus(show: Show) -> None:
    page = show()
    page.keyboard.press("1")
    piece = page.locator(".sheet").get_by_role("button", name="red", exact=True)
    piece.focus()
    page.keyboard.press("Enter")
    expect(piece).to_have_attribute("aria-pressed", "true")
    expect(piece).to_be_focused()
    page.keyboard.press("Enter")
    expect(piece).to_have_attribute("aria-pressed", "false")


THREADS = "document.querySelectorAll('.threads path.thread:not(.rest)').length"


def in_sight(page: Page) -> list[str]:
    area = box(page.locator(".words"))
    found = [(word.inner_text(), box(word.locator("span"))) for word in words(page).all()]
    middles = [(text, (one["x"] + one["right"]) / 2, (one["y"] + one["bottom"]) / 2) for text, one in found]
    return [
        text for text, x, y in middles if area["x"] <= x <= area["right"] and area["y"] <= y <= area["bottom"]
    ]


def test_twelve_words_are_all_in_sight(show: Show) -> None:
    page = show(TWELVE)
    assert len(in_sight(page)) == 12
    expect(page.locator(".more-words")).to_be_hidden()


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_of_more_words_the_page_says_how_many_are_out_of_sight(show: Show, size: dict) -> None:
    page = show(LONG, size)
    away = len(LONG.split()) - len(in_sight(page))
    assert away > 0
    first, *_, last = LONG.split()
    expect(page.locator(".more-words")).to_have_text(f"{away} more")
    assert page.evaluate(THREADS) == len(LONG.split())  # those out of sight run as a bundle
    while last not in in_sight(page):
        before = in_sight(page)
        page.locator(".more-words").click()
        page.wait_for_timeout(100)
        assert in_sight(page) != before
    page.locator(".more-words").click()
    page.wait_for_timeout(100)
    assert in_sight(page)[0] == first


def test_a_word_chosen_elsewhere_comes_into_sight(show: Show) -> None:
    page = show(LONG)
    assert "snow" not in in_sight(page)
    words(page).nth(0).click()
    page.get_by_role("group", name="All words on one scale").get_by_role("button").last.click()
    page.wait_for_timeout(100)
    assert "snow" in in_sight(page)


def test_the_guidance_part_is_seen_whole(show: Show) -> None:
    page = show()
    page.keyboard.press("4")
    body = page.locator(".sheet-body")
    expect(body).to_contain_text("This run was recorded beforehand")
    assert body.evaluate("(body) => body.scrollHeight - body.clientHeight") <= 0


@pytest.mark.parametrize(
    "size", [(844, 390), (683, 384), (320, 568), (360, 740), (390, 844), (768, 1024), (1024, 768)], ids=str
)
def test_the_picture_is_seen_whole_on_the_first_screen(show: Show, size: tuple[int, int]) -> None:
    page = show(size=screen(*size))
    picture = box(page.locator(".picture"))
    assert picture["y"] >= 0
    assert picture["bottom"] <= bottom_of_sight(page)
    assert picture["width"] >= 120
    assert wider_than_the_screen(page) <= 0


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (3840, 2160)], ids=str)
@pytest.mark.parametrize("prompt", ["", LONG * 3], ids=["short", "long"])
def test_a_large_screen_does_not_scroll(show: Show, size: tuple[int, int], prompt: str) -> None:
    page = show(size=screen(*size))
    field = page.get_by_role("textbox", name="Prompt", exact=True)
    before = field.input_value()
    field.fill(prompt or before)
    height = page.evaluate("[document.documentElement.scrollHeight - innerHeight, innerHeight]")
    timeline = box(page.get_by_role("slider", name="Timeline"))
    field.fill(before)
    assert height[0] <= 0
    assert timeline["y"] < height[1]


def test_a_word_that_is_nowhere_heard_has_no_place_in_the_picture(show: Show) -> None:
    page = show(LONG)
    index = LONG.split().index(UNHEARD)
    words(page).nth(index).click()
    expect(page.locator(".over .chosen-end")).to_have_count(0)
    button(page, "As a table").click()
    expect(page.get_by_role("row", name=re.compile(f"^{UNHEARD}"))).to_contain_text("nowhere")
    button(page, "As a table").click()
    words(page).nth(index + 1).click()
    expect(page.locator(".over .chosen-end")).to_have_count(1)


INKS = """(element) => ['color', 'backgroundColor'].map((name) => '#' + getComputedStyle(element)[name]
  .match(/\\d+/g).slice(0, 3).map((value) => Number(value).toString(16).padStart(2, '0')).join(''))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_word_switched_off_can_be_read(show: Show, theme: Any) -> None:
    page = show()
    page.emulate_media(color_scheme=theme)
    words(page).nth(2).click()
    page.evaluate("document.activeElement.blur()")
    for _ in range(10):
        page.keyboard.press("-")
    chip = words(page).nth(2)
    expect(chip).to_have_attribute("data-off", "")
    found = contrast(*chip.locator("span").evaluate(INKS))
    for _ in range(10):
        page.keyboard.press("+")
    assert found >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_word_can_be_read_in_forced_colours(show: Show, theme: Any) -> None:
    page = show()
    page.emulate_media(color_scheme=theme, forced_colors="active")
    words(page).nth(2).click()
    for chip in (".word[aria-pressed=true] span", ".side .stained", ".multiple[aria-pressed=true] > span"):
        assert contrast(*page.locator(chip).evaluate(INKS)) >= 4.5


OVERPRINTED = """() => {
  const boxes = [...document.querySelectorAll('.slot-name')].map((one) => one.getBoundingClientRect());
  const cross = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
  return boxes.filter((a, i) => boxes.some((b, k) => k > i && cross(a, b))).length;
}"""


@pytest.mark.parametrize("size", [(320, 568), (360, 740), (768, 1024), (1366, 768)], ids=str)
def test_a_long_word_stays_on_the_page(show: Show, size: tuple[int, int]) -> None:
    page = show(TWELVE, screen(*size))
    assert page.evaluate(OVERPRINTED) == 0
    words(page).last.click()
    assert wider_than_the_screen(page) <= 0
    title = page.locator(".side h2:visible")
    assert title.evaluate("(title) => title.scrollWidth - title.clientWidth") <= 0
    for part in "12":
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(part)
        assert wider_than_the_screen(page) <= 0
        body = page.locator(".sheet-body")
        assert body.evaluate("(body) => body.scrollWidth - body.clientWidth") <= 0


def test_on_a_phone_the_chosen_words_strength_and_panel_are_at_hand(show: Show) -> None:
    page = show(size=PHONE)
    words(page).nth(1).click()
    strength = page.locator("#actions").get_by_role("slider", name="Strength of red")
    assert box(strength)["bottom"] <= PHONE["height"]
    strength.fill("1.5")
    expect(page.locator("#actions output")).to_have_text("× 1.5")
    strength.fill("1")
    page.get_by_role("button", name="Where the picture listens to red").click()
    expect(page.get_by_role("heading", name="Where the picture listens to red")).to_be_in_viewport()


@pytest.mark.parametrize("size", [(320, 568), (360, 740), (844, 390)], ids=str)
def test_on_a_phone_the_plates_have_names(show: Show, size: tuple[int, int]) -> None:
    page = show(size=screen(*size))
    for name in ("Guidance", "Sampler", "Latent"):
        plate = page.locator(".plate .name", has_text=name)
        assert box(plate)["x"] >= 0
        assert box(plate)["right"] <= size[0]
    mat = box(page.locator(".mat"))
    assert box(page.locator(".plate[data-part='4']"))["x"] >= mat["right"]
    assert box(page.locator(".plate[data-part='6']"))["right"] <= mat["x"]


def test_on_a_phone_the_strip_shows_the_whole_way(show: Show) -> None:
    page = show(size=PHONE)
    for frame in page.locator(".frame").all():
        assert box(frame)["x"] >= 0
        assert box(frame)["right"] <= PHONE["width"]
        assert box(frame)["width"] >= 44


PIXELS = """() => {
  const canvas = document.querySelector('.picture canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const out = [];
  for (let y = 8; y < canvas.height; y += 16)
    for (let x = 8; x < canvas.width; x += 16) {
      const at = (y * canvas.width + x) * 4;
      out.push([...data.slice(at, at + 3)]);
    }
  return out;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_word_leaves_the_picture_its_colours(show: Show, theme: Any) -> None:
    page = show()
    page.emulate_media(color_scheme=theme)
    plain = page.evaluate(PIXELS)
    words(page).nth(3).click()
    expect(page.locator(".over .contour.casing")).to_have_count(1)
    stained = page.evaluate(PIXELS)
    assert stained != plain
    turned = []
    for before, after in zip(plain, stained, strict=True):
        (hue, _, strength), (other, _, left) = (
            colorsys.rgb_to_hls(*(value / 255 for value in pixel)) for pixel in (before, after)
        )
        if strength > 0.5 and left > 0.02:
            turned.append(360 * min(abs(hue - other), 1 - abs(hue - other)))
    assert len(turned) > len(plain) / 4
    assert sorted(turned)[len(turned) // 2] < 25


def test_dragging_the_strength_selects_no_text(show: Show) -> None:
    page = show()
    words(page).nth(2).click()
    rail = box(page.locator(".rail"))
    page.mouse.move(rail["x"] + rail["width"] / 2, rail["y"] + rail["height"] * 0.8)
    page.mouse.down()
    page.mouse.move(rail["x"] + 3 * rail["width"], rail["y"] + 3 * rail["height"], steps=5)
    page.mouse.up()
    assert page.evaluate("String(getSelection())") == ""
    expect(page.locator(".rail")).to_have_attribute("aria-valuenow", "2")
    page.locator(".rail").focus()
    page.keyboard.press("Home")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".rail")).to_have_attribute("aria-valuenow", "1")


# Controls whose ring runs through letters: the ring's four sides against every line of text in sight.
CUT = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.querySelector('.page'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: home } = walker.currentNode;
    if (!walker.currentNode.data.trim() || !home.checkVisibility()) continue;
    if (home.closest('.hush, textarea, .mirror, #actions')) continue; // the dock lies over the page
    const clips = [];
    for (let up = home; up; up = up.parentElement)
      if (getComputedStyle(up).overflow !== 'visible') clips.push(up.getBoundingClientRect());
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const size = Number.parseFloat(getComputedStyle(home).fontSize);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const middle = (top + bottom) / 2; // the letters themselves, of a line that may be higher
      const letters = {
        text: walker.currentNode.data,
        left: Math.max(left + 1, ...clips.map((clip) => clip.left)),
        right: Math.min(right - 1, ...clips.map((clip) => clip.right)),
        top: Math.max(middle - size * 0.33, ...clips.map((clip) => clip.top)),
        bottom: Math.min(middle + size * 0.3, ...clips.map((clip) => clip.bottom)),
      };
      if (letters.left < letters.right && letters.top < letters.bottom) texts.push(letters);
    }
  }
  const crosses = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const cut = [];
  for (const one of document.querySelectorAll('.page :is(button, input, [tabindex="0"]):not([aria-hidden])')) {
    if (one.closest('#actions') || !one.checkVisibility() || one.disabled || one.closest('[popover]')) continue;
    one.focus({ focusVisible: true, preventScroll: true });
    const drawn = [one, ...one.querySelectorAll('*')].find((part) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(part);
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
    });
    if (!drawn) { cut.push([one.outerHTML.slice(0, 60), 'no ring']); continue; }
    const style = getComputedStyle(drawn);
    const out = Number.parseFloat(style.outlineOffset);
    const wide = Number.parseFloat(style.outlineWidth);
    const box = drawn.getBoundingClientRect();
    const [l, r, t, b] = [box.left - out, box.right + out, box.top - out, box.bottom + out];
    const bend = style.borderRadius === '50%' ? box.width / 4 : 0; // a round one has no corners
    const upright = { top: t + bend, bottom: b - bend };
    const flat = { left: l + bend, right: r - bend };
    const sides = [
      { ...upright, left: l - wide, right: l }, { ...upright, left: r, right: r + wide },
      { ...flat, top: t - wide, bottom: t }, { ...flat, top: b, bottom: b + wide },
    ];
    // A ring is cut off where what it lies in is.
    const frames = [];
    for (let up = one.parentElement; up; up = up.parentElement)
      if (getComputedStyle(up).overflow !== 'visible') frames.push(up.getBoundingClientRect());
    const seen = sides.map((side) => ({
      left: Math.max(side.left, ...frames.map((frame) => frame.left)),
      right: Math.min(side.right, ...frames.map((frame) => frame.right)),
      top: Math.max(side.top, ...frames.map((frame) => frame.top)),
      bottom: Math.min(side.bottom, ...frames.map((frame) => frame.bottom)),
    })).filter((side) => side.left < side.right && side.top < side.bottom);
    for (const text of texts)
      if (seen.some((side) => crosses(side, text))) cut.push([one.outerHTML.slice(0, 60), text.text]);
  }
  return cut;
}"""


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_no_focus_ring_cuts_through_letters(show: Show, size: dict) -> None:
    page = show(size=size)
    words(page).nth(2).click()
    cut = page.evaluate(CUT)
    assert not cut, cut


def test_the_prompts_line_stays_when_buttons_and_numbers_change(show: Show) -> None:
    page = show()
    line = box(page.locator(".prompt"))
    page.get_by_role("button", name=re.compile("^Seed")).click()
    page.get_by_role("textbox", name="Seed").fill("65535")
    page.keyboard.press("Escape")
    assert box(page.locator(".prompt")) == line
    number = page.locator(".seed .value").evaluate(
        "(value) => { const range = document.createRange(); range.selectNodeContents(value);"
        " return range.getBoundingClientRect().right }"
    )
    assert box(page.locator(".dice .icon"))["x"] - number >= 4
    button(page, "Generate").click()
    expect(button(page, "Cancel")).to_be_visible()
    assert box(page.locator(".prompt")) == line
    button(page, "Cancel").click()
    expect(button(page, "Generate")).to_be_visible()
    assert box(page.locator(".prompt")) == line


AXE = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await axe.run(document, { runOnly: tags });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
}"""


@pytest.mark.parametrize(
    ("size", "keys"),
    [(LAPTOP, key) for key in ["", "w", "l", "1", "2", "3", "4", "5", "6", "7"]]
    + [
        (screen(1280, 720), "4"),
        (PHONE, ""),
        (PHONE, "l"),
        (PHONE, "w"),
        (PHONE, "4"),
        (screen(844, 390), "w"),
    ],
    ids=str,
)
def test_axe_finds_nothing(show: Show, size: dict, keys: str) -> None:
    page = show(LONG, size)
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate((LIBRARIES / "axe-core/axe.min.js").read_text("utf-8"))
    if keys:
        page.keyboard.press(keys)
    if keys == "w":
        page.keyboard.press("Enter")
    found = page.evaluate(AXE)
    assert not found, found
