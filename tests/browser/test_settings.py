"""Settings as visitors, links and embedding pages change them: bounds, strengths, and which picture belongs to them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from pyscript_app.samplers import SAMPLERS
from tests.browser.conftest import BOOT, wait_ready

RUN = 120_000  # milliseconds that a short run may take on busy cores
PROMPT = "a red car on the beach"
STEPS_OUT = "The number of steps must be a whole number from 1 to 1000, not {}."
PICTURE = (
    "diffuscope.generate({}).then(({ picture, settings }) => ({ settings, picture: [...picture.data] }))"
)
SHOWN = """() => { const canvas = document.querySelector(".picture canvas");
  return canvas.toDataURL(); }"""


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def prompt(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompt", exact=True)


def value(page: Page, setting: str) -> Locator:
    return page.locator(f"[data-setting={setting}] .value")


def finish(page: Page) -> None:
    expect(button(page, "Save")).to_be_visible(timeout=RUN)


@pytest.fixture
def visit(chromium: Browser, site_url: str) -> Iterator[Callable[[str], Page]]:
    """Open an address of the page as somebody who was never there; any error on it fails the test."""
    errors: list[str] = []
    contexts = []

    def go(address: str) -> Page:
        context = chromium.new_context(viewport={"width": 1366, "height": 768})
        context.set_default_timeout(BOOT)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(site_url + address)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def here(live_page: Page) -> Iterator[Page]:
    """A page whose engine is ready, with a picture of one step and the plainest settings."""
    errors: list[str] = []
    live_page.on("pageerror", lambda error: errors.append(str(error)))
    live_page.set_viewport_size({"width": 1366, "height": 768})
    plain = {
        "prompt": PROMPT,
        "negative": "",
        "seed": 7,
        "steps": 1,
        "guidance": 3,
        "sampler": "ddim",
        "gains": {},
    }
    live_page.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", plain)
    yield live_page
    assert not errors


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_page_draws_and_explains_every_sampler(here: Page, sampler: str) -> None:
    here.locator("[data-setting=sampler]").click()
    here.get_by_role("radio").and_(here.locator(f"[value='{sampler}']")).check()
    here.keyboard.press("Escape")
    here.evaluate("diffuscope.generate({ steps: 3 }).then(() => null)")
    here.locator(".stage button[data-part='5']").click()
    sheet = here.get_by_role("region", name="Sampler", exact=True)
    for step in range(1, 4):
        here.get_by_role("button", name=f"Show picture {step}", exact=True).click()
        expect(sheet.locator(".sum figure")).not_to_have_count(0)
        expect(sheet.locator(".sum figcaption").last).to_have_text("latent coming out")
    sheet.get_by_role("button", name="Close").click()


def test_a_strength_whose_word_is_gone_waits_and_is_not_sent(here: Page) -> None:
    here.evaluate("diffuscope.generate({ gains: { Red: 0.5, car: 0 } }).then(() => null)")
    prompt(here).fill("a blue car")
    notes = here.locator("#prompt-notes")
    expect(notes).to_contain_text("Kept until its word is in the prompt again")
    expect(notes.locator(".waiting")).to_have_count(1)
    button(here, "Generate").click()
    finish(here)
    drawn = here.evaluate(PICTURE)
    assert drawn["settings"]["gains"] == {"car": 0}
    # The word comes back and is as strong as it was.
    notes.get_by_role("button", name="red × 0.5").click()
    expect(prompt(here)).to_have_value("a blue car red")
    expect(notes.locator(".waiting")).to_have_count(0)
    assert here.evaluate(PICTURE)["settings"]["gains"] == {"red": 0.5, "car": 0}
    prompt(here).fill("a blue car")
    notes.get_by_role("button", name="Forget the strength of red").click()
    expect(notes).to_be_empty()
    prompt(here).fill("a red car")
    expect(here.locator(".words .word")).to_have_count(4)
    assert here.evaluate(PICTURE)["settings"]["gains"] == {"car": 0}


def test_a_picture_says_that_it_is_of_other_settings(here: Page) -> None:
    again = here.get_by_role("button", name=re.compile("Draw anew"))
    expect(again).to_be_hidden()

    def changed(back: Callable[[], None]) -> None:
        expect(again).to_be_visible()
        assert here.locator(".picture[data-stale]").count() == 1
        back()
        expect(again).to_be_hidden()

    prompt(here).fill("a blue car")
    changed(lambda: prompt(here).fill(PROMPT))
    here.locator("[data-setting=seed]").click()
    seed = here.get_by_role("textbox", name="Seed")
    seed.fill("8")
    changed(lambda: seed.fill("7"))
    here.keyboard.press("Escape")
    here.locator("[data-setting=guidance]").click()
    guidance = here.get_by_role("textbox", name="Guidance, as a number")
    guidance.fill("4")
    changed(lambda: guidance.fill("3"))
    here.keyboard.press("Escape")
    here.locator(".words .word").nth(2).click()
    here.evaluate("document.activeElement.blur()")
    here.keyboard.press("-")
    expect(again).to_be_visible()
    before = here.evaluate(SHOWN)
    again.click()
    finish(here)
    expect(again).to_be_hidden()
    here.keyboard.press("Escape")
    assert here.evaluate(SHOWN) != before


def test_fields_and_picture_agree_after_a_picture_that_another_page_asked_for(here: Page) -> None:
    wishes = {"prompt": "a blue boat", "seed": 12, "steps": 2, "sampler": "euler", "gains": {"blue": 1.5}}
    here.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", wishes)
    expect(prompt(here)).to_have_value("a blue boat")
    expect(value(here, "seed")).to_have_text("12")
    expect(value(here, "steps")).to_have_text("2")
    expect(value(here, "sampler")).to_have_text("Euler")
    expect(here.get_by_role("button", name=re.compile("Draw anew"))).to_be_hidden()
    here.locator(".words .word").nth(1).click()
    expect(here.get_by_role("slider", name="Strength of blue").first).to_have_attribute(
        "aria-valuenow", "1.5"
    )
    here.keyboard.press("Escape")


@pytest.mark.parametrize("steps", [1e9, 100000, 0, "many"])
def test_a_page_that_asks_for_too_much_is_refused_and_stays_alive(here: Page, steps: object) -> None:
    refused = here.evaluate(
        "(steps) => diffuscope.generate({ steps }).then(() => 'drawn', (error) => error.message)", steps
    )
    said = repr(steps) if isinstance(steps, str) else f"{steps:.0f}"
    assert refused == STEPS_OUT.format(said)
    expect(value(here, "steps")).to_have_text("1")
    assert here.locator(".frame").count() == 1


def test_a_long_word_and_many_slots_stay_in_their_places(here: Page) -> None:
    long = "x" * 300
    prompt(here).fill(f"a {long} car")
    expect(here.locator("#prompt-notes")).to_contain_text("xxxx")
    here.evaluate("diffuscope.generate({}).then(() => null)")
    here.locator(".words .word").nth(1).click()
    for part in (None, "1", "2", "3"):
        if part:
            here.evaluate("document.activeElement.blur()")
            here.keyboard.press(part)
        for width in (1366, 360):
            here.set_viewport_size({"width": width, "height": 740})
            assert here.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (part, width)
            wide = here.evaluate(
                """() => {
                  const cut = (one) => one && (getComputedStyle(one).overflowX !== "visible" || cut(one.parentElement));
                  return [...document.querySelectorAll("main *, header *")]
                    .filter((one) => one.checkVisibility() && !cut(one.parentElement.closest("main *")))
                    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                    .map((one) => one.outerHTML.slice(0, 80)) }"""
            )
            assert wide == [], (part, width)
    here.set_viewport_size({"width": 1366, "height": 768})
    here.keyboard.press("Escape")
    prompt(here).fill("a zzqqxxyy car")
    here.evaluate("diffuscope.generate({}).then(() => null)")
    crossed = here.evaluate(
        """() => [...document.querySelectorAll(".slot-name")].map((one) => one.getBoundingClientRect())
          .filter((one, i, all) => i && one.top === all[i - 1].top && one.left < all[i - 1].right - 0.5).length"""
    )
    assert here.locator(".slot-name").count() >= 3
    assert crossed == 0


def test_every_unknown_word_is_named_and_answered_by_meaning_or_not_at_all(here: Page) -> None:
    prompt(here).fill("a lorry is near a gnorff by the caar")
    notes = here.locator("#prompt-notes")
    expect(notes).to_contain_text("never saw lorry, is, gnorff, and caar while it learned")
    expect(notes.locator(".choices")).to_have_count(2)
    notes.get_by_role("button", name="car", exact=True).first.click()
    expect(prompt(here)).to_have_value("a car is near a gnorff by the caar")
    expect(notes).to_contain_text("Instead of caar")


EVERYTHING = {
    "prompt": "a red car on the beach",
    "negative": "a blue house",
    "seed": 41,
    "steps": 3,
    "guidance": 4.5,
    "sampler": "dpm++2m",
    "gains": {"red": 0.5, "car": 0},
    "preview": "linear",
    "every": 2,
}


def test_the_address_brings_every_setting_and_the_same_bytes_to_another_visitor(
    here: Page, visit: Callable[[str], Page]
) -> None:
    plain = here.evaluate(PICTURE)
    drawn = here.evaluate(
        "(settings) => diffuscope.generate(settings).then(({ picture }) => [...picture.data])", EVERYTHING
    )
    assert drawn != plain["picture"]
    button(here, "Generate").click()
    finish(here)
    address = here.url.partition("#")[2]
    assert "gains=red:0.5,car:0" in address

    page = visit(f"#{address}")
    # It is drawn by itself, and by nothing but the address.
    expect(page.get_by_role("img", name=re.compile("^a red car on the beach"))).to_be_visible(timeout=RUN)
    finish(page)
    again = page.evaluate(PICTURE)
    assert again["settings"] == EVERYTHING
    assert again["picture"] == drawn


def test_a_recording_plays_under_its_own_caption_until_the_picture_of_a_link_is_drawn(
    visit: Callable[[str], Page],
) -> None:
    page = visit("#prompt=two+yellow+balloons+at+night&steps=2")
    expect(page.locator(".picture .tag")).to_contain_text("Recorded: a red car on the beach", timeout=RUN)
    expect(button(page, "Cancel")).to_be_visible()
    expect(page.get_by_text("Your picture begins by itself").first).to_be_visible()
    expect(prompt(page)).to_have_value("two yellow balloons at night")
    finish(page)
    expect(page.locator(".picture .tag")).to_be_hidden()
    expect(page.get_by_role("img", name=re.compile("^two yellow balloons at night"))).to_be_visible()
    # Another link in the same window is drawn too, and leaves nothing of the first behind.
    page.evaluate("location.hash = '#prompt=a+cat&seed=3&steps=1'")
    expect(page.get_by_role("img", name=re.compile("^a cat"))).to_be_visible(timeout=RUN)
    expect(prompt(page)).to_have_value("a cat")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("#steps=100000", STEPS_OUT.format(100000)),
        ("#prompt=a+cat&steps=1000000000", STEPS_OUT.format(1000000000)),
        ("#prompt=a+cat&sampler=heun", "There is no sampler 'heun'"),
    ],
)
def test_a_link_that_asks_for_too_much_is_answered_with_a_sentence(
    visit: Callable[[str], Page], address: str, sentence: str
) -> None:
    page = visit(address)
    wait_ready(page)
    expect(page.locator("#prompt-notes")).to_contain_text(sentence)
    assert page.locator(".frame").count() <= 50
    assert page.evaluate("diffuscope.generate({ steps: 1 }).then(({ frames }) => frames.length)") == 1


@pytest.mark.parametrize(
    "address", ["#%E0%A4%A", "#colour=red&prompt=a+cat&steps=1", "#prompt=" + "car+" * 1_000_000]
)
def test_an_odd_address_does_no_harm(visit: Callable[[str], Page], address: str) -> None:
    page = visit("")
    wait_ready(page)
    page.evaluate("(hash) => { location.hash = hash; }", address)
    page.reload()
    wait_ready(page)
    settings = {"prompt": "a cat", "steps": 1}
    assert (
        page.evaluate(
            "(settings) => diffuscope.generate(settings).then(({ frames }) => frames.length)", settings
        )
        == 1
    )


def test_a_model_with_impossible_defaults_is_refused_before_the_page_uses_them(
    chromium: Browser, altered_site: Callable[[str, bytes | None], str], site: Path
) -> None:
    manifest = json.loads((site / "models/miniature/manifest.json").read_text("utf-8"))
    manifest["defaults"]["steps"] = 10**9
    page = chromium.new_page()
    page.goto(altered_site("models/miniature/manifest.json", json.dumps(manifest).encode()))
    expect(page.locator("#prompt-notes")).to_contain_text(STEPS_OUT.format(10**9), timeout=BOOT)
    page.close()


def test_of_two_recordings_the_last_one_chosen_plays_even_while_a_picture_waits(
    chromium: Browser, site_url: str
) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    held: list[Route] = []
    slow = "two-yellow-balloons-on-the-sea-at-night"
    page.route(re.compile(f"{slow}.*run$"), held.append)
    # The engine never gets its model, so that everything waits.
    page.route(re.compile(r"weights/.*\.bin"), lambda route: None)
    page.goto(site_url)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    offers = page.locator(".offers")
    first = offers.get_by_role("button", name=slow.replace("-", " "))
    second = offers.get_by_role("button", name="a small blue house in the snow by day")
    expect(first).to_be_visible(timeout=BOOT)
    first.click()
    second.click()
    tag = page.locator(".picture .tag")
    expect(tag).to_contain_text("a small blue house", timeout=BOOT)
    page.wait_for_timeout(300)
    assert held, "the recording was not asked for"
    for route in held:
        route.continue_()
    page.wait_for_timeout(1500)
    expect(tag).to_contain_text("a small blue house")
    button(page, "Generate").click()
    expect(page.get_by_text("Waiting for the engine").first).to_be_visible()
    second.click()
    expect(tag).to_contain_text("a small blue house")
    expect(button(page, "Cancel")).to_be_visible()
    button(page, "Cancel").click()
    expect(button(page, "Generate")).to_be_visible()
    context.close()
