"""What a word carries: on recorded pictures what is said and where it stands; live the numbers, and the way on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from export.site.vendor import LIBRARIES
from pyscript_app.causes import GROUPS, WAYS
from tests.browser.conftest import visiting, wait_ready
from tests.browser.controls import RUN, button, finish
from tests.browser.native import draw_natively
from tests.browser.scripts import RED_CAR
from tests.browser.staged import ENGINE, show, staged

LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 360, "height": 740}
CAR = 2  # among the words of the recorded prompt
ASKED = ENGINE.replace(
    "this.runs = {};",
    """this.runs = {};
    globalThis.asked = [];
    this.causes = { draw: (...what) => asked.push(what), cancel: () => {} };""",
)
# {kind, word, apart, verdict} -> nothing; the recorded steps stand for what was drawn.
TRIED = """({ kind, word, apart, verdict, change }) => {
  const { frames, settings } = store.state.runs.byId.staged;
  const pictures = Object.fromEntries(Object.entries(apart).map(([way, rms], k) => [way, {
    picture: frames[9 - (k % 10)].preview, gains: {}, slots: way === "cut" ? { car: "cut" } : {},
    change: rms === null ? null : { rms, ...change } }]));
  const trial = { runs: ["staged"], settings, word, status: "finished", pictures, verdict, error: null };
  store.set({ causes: { [kind]: trial } });
}"""
MEASURED = {"original": None, "alone": 28, "cut": 5.2, "unheard": 30, "off": 4.6, "deleted": 32}


@pytest.fixture(scope="module")
def stage(chromium: Browser, site_url: str) -> Iterator[Page]:
    with staged(chromium, site_url, {"engine/engine.js": ASKED}, viewport=LAPTOP) as page:
        yield page


@pytest.fixture
def opened(stage: Page) -> Locator:
    """The sheet of the words, the word "car" chosen and what it carries drawn."""
    show(stage, change={"slots": {"off": 4.6, "deleted": 32.4, "leak": "most"}})
    stage.evaluate("asked.length = 0")
    stage.evaluate("store.set({ causes: { word: null, all: null, gain: null, live: false } })")
    stage.evaluate(f"store.set({{ view: {{ word: {CAR} }} }})")
    button(stage, "What it carries").click()
    assert stage.evaluate("asked.map(([kind, word]) => [kind, word])") == [["word", "car"]]
    stage.evaluate(TRIED, {"kind": "word", "word": "car", "apart": MEASURED, "verdict": "others"})
    return stage.get_by_role("region", name="Words", exact=True)


def test_the_pictures_stand_beside_the_original_and_one_sentence_says_what_was_measured(
    opened: Locator, stage: Page
) -> None:
    row = opened.get_by_role("group", name="What does car carry?")
    names = [button.inner_text().split("\n")[0] for button in row.get_by_role("button").all()]
    assert names == ["As it is", "Alone", "Cut", "Unheard", "Off", "Deleted"]
    expect(row.get_by_role("button", name="Deleted")).to_contain_text("off by 32")
    said = "much less than if you delete car: 5 against 32. Other slots, which heard it, carry most of it."
    expect(opened).to_contain_text(said)
    expect(opened).to_contain_text("usually changes the picture by 5, deleted by 32")
    # What was drawn stays, and is not asked for again.
    stage.keyboard.press("Escape")
    button(stage, "What it carries").click()
    assert stage.evaluate("asked.length") == 1
    expect(row).to_be_visible()
    # Another word's is another's.
    stage.evaluate(f"store.set({{ view: {{ word: {CAR - 1} }} }})")
    expect(opened.get_by_role("group", name="What does red carry?")).to_be_hidden()
    opened.get_by_role("button", name="Draw it", exact=True).first.click()
    assert stage.evaluate("asked.at(-1).slice(0, 2)") == ["word", "red"]


def test_a_model_of_which_nothing_was_measured_is_not_said_to_leak(opened: Locator, stage: Page) -> None:
    show(stage, change={"slots": {}})
    stage.evaluate(f"store.set({{ view: {{ word: {CAR}, part: 1 }} }})")
    expect(opened.get_by_role("slider", name="Strength of car")).to_be_visible()
    expect(opened.get_by_text("In this model")).to_be_hidden()


def test_all_words_against_all_the_padding(opened: Locator, stage: Page) -> None:
    apart = {"original": None, "words": 30, "padding": 5}
    stage.evaluate(TRIED, {"kind": "all", "word": None, "apart": apart, "verdict": "padding"})
    expect(opened).to_contain_text("much nearer to this picture than the words alone: off by 5 against 30")
    assert set(apart) == {"original", *GROUPS}


def test_another_strength_is_asked_for_once_the_slider_rests(opened: Locator, stage: Page) -> None:
    slider = opened.get_by_role("slider", name="Strength of car")
    slider.fill("0.5")
    stage.wait_for_timeout(400)
    assert stage.evaluate("asked.length") == 1, "it is off by default"
    button(stage, "Draw each change").click()
    for strength in ("0.2", "0.4", "0.3"):
        slider.fill(strength)
    stage.wait_for_function("asked.length === 2")
    kind, word, wishes = stage.evaluate(
        "(([kind, word, { gain, place }]) => [kind, word, [gain, place.length, Math.max(...place)]])(asked[1])"
    )
    assert (kind, word, wishes) == ("gain", "car", [0.3, 64 * 64, 1])
    inside = {"change": {"marks": [1] * 128 * 128, "inside": 0.614, "outside": 0.04}}
    apart = {"original": None, "gain": 20}
    stage.evaluate(TRIED, {"kind": "gain", "word": "car", "apart": apart, "verdict": "", **inside})
    expect(opened).to_contain_text("listened to car, 61\u202f% changed; of the rest 4\u202f%")
    button(stage, "Draw each change").click()


def test_what_is_done_to_slots_is_said_and_can_be_undone(stage: Page) -> None:
    show(stage, settings={"slots": {"car": "cut", "<padding>": "alone"}})
    undo = button(stage, "Undo: car Cut")
    undo.click()
    expect(undo).to_be_hidden()
    expect(button(stage, "Undo: padding Alone")).to_be_focused()
    button(stage, "Undo: padding Alone").click()
    assert stage.evaluate("store.state.settings.slots") == {}
    expect(stage.get_by_role("textbox", name="Prompt", exact=True)).to_be_focused()


AXE = """() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
  .then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    opened: Locator, stage: Page, size: Any, theme: Any
) -> None:
    for kind, word, apart in (
        ("all", None, {"original": None, "words": 30, "padding": 5}),
        ("gain", "car", {"original": None, "gain": 20}),
    ):
        wishes = {"kind": kind, "word": word, "apart": apart, "verdict": "both" if kind == "all" else ""}
        stage.evaluate(TRIED, wishes)
    stage.set_viewport_size(size)
    stage.emulate_media(color_scheme=theme)
    opened.locator("[data-way=cut]").click()
    if stage.evaluate("typeof axe") == "undefined":
        stage.evaluate((LIBRARIES / "axe-core/axe.min.js").read_text("utf-8"))
    assert stage.evaluate(AXE) == []
    assert stage.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small = [
        one.inner_text()
        for one in opened.locator(".causes button:visible").all()
        if min((one.bounding_box() or {})[side] for side in ("width", "height")) < 44
    ]
    assert small == []
    stage.set_viewport_size(LAPTOP)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def live(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page whose engine is ready; any error on it fails the tests."""
    with visiting(chromium, site_url) as page:
        wait_ready(page)
        yield page


ITEMS = """async (wishes) => {
  const items = {};
  const last = await diffuscope.run("causes", wishes, (item) => { items[item.way] = item; });
  const of = ([way, { picture, gains, slots }]) => [way, [[...picture], { gains, slots }]];
  return { pictures: Object.fromEntries(Object.entries(items).map(of)), changes: last.changes, verdict: last.verdict };
}"""
TWO = RED_CAR | {"steps": 2, "preview": "tiny"}


def picture_of(site: Path, **wishes: Any) -> np.ndarray:
    return np.asarray(draw_natively(site, **wishes)[-1].picture).round()


@pytest.mark.long
def test_each_picture_is_what_the_command_line_draws(live: Page, site: Path) -> None:
    """Off, for one, is ``diffuscope generate --gain car=0``."""
    said = live.evaluate(ITEMS, TWO | {"word": "car"})
    assert tuple(said["pictures"]) == ("original", *WAYS)
    off = {"gains": {"car": 0.0}, "slots": {}}
    plain, natively = picture_of(site, **TWO), picture_of(site, **(TWO | off))
    got, touched = said["pictures"]["off"]
    assert np.abs(np.array(got) - natively).max() <= 2
    assert touched == off
    apart = np.square(natively.reshape(-1, 4) - plain.reshape(-1, 4))[:, :3].mean() ** 0.5
    assert said["changes"]["off"] == pytest.approx(apart, abs=0.5)
    assert said["changes"]["deleted"] > 4
    assert said["verdict"] in ("own", "more", "part", "others")


def test_from_a_chosen_word_to_what_it_carries_to_the_stage_and_back(live: Page) -> None:
    live.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", TWO)
    finish(live)
    live.get_by_role("group", name="Words").get_by_role("button", name="car", exact=True).click()
    button(live, "What it carries").click()
    sheet = live.get_by_role("region", name="Words", exact=True)
    expect(sheet.locator(".carries .said").first).to_contain_text("against", timeout=RUN)
    expect(sheet.locator(".carries .unseen")).to_have_count(0)
    cut = sheet.locator("[data-way=cut]")
    pixels = "(it) => [...it.getContext('2d').getImageData(0, 0, 128, 128).data]"
    drawn = cut.locator("canvas").evaluate(pixels)
    cut.click()
    button(live, "Cut: put it on the stage").click()
    finish(live)
    assert "slots=car:cut" in live.url
    # The others are still there, and any of them can be set beside the original.
    button(live, "What it carries").click()
    sheet.locator("[data-way=deleted]").click()
    button(live, "Deleted: compare with the original").click()
    live.wait_for_function("location.hash.includes('room=compare')")
    live.wait_for_function("location.hash.includes('slots=car:deleted')")
    live.evaluate("diffuscope.cancel()")
    live.go_back()
    expect(button(live, "Undo: car Cut")).to_be_visible()
    assert live.evaluate("diffuscope.generate({}).then(({ picture }) => [...picture.data])") == drawn


def test_a_change_of_strength_is_drawn_beside_the_picture_and_measured(live: Page) -> None:
    live.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", TWO)
    finish(live)
    sheet = live.get_by_role("region", name="Words", exact=True)
    if not sheet.is_visible():  # as the tests before have left it
        live.keyboard.press("1")
    if sheet.get_by_role("button", name="car", exact=True).get_attribute("aria-pressed") != "true":
        sheet.get_by_role("button", name="car", exact=True).click()
    button(live, "Draw each change").click()
    sheet.get_by_role("slider", name="Strength of car").fill("0")
    expect(sheet.locator(".louder .said")).to_contain_text("of the rest", timeout=RUN)
    expect(sheet.locator(".louder canvas")).to_have_count(2)
