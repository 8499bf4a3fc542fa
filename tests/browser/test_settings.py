"""Settings as visitors and other pages change them: strengths, unknown words, and whose the picture is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from pyscript_app.samplers import SAMPLERS
from tests.browser.controls import PICTURE, STEPS_OUT, button, finish, prompt, value

PROMPT = "a red car on the beach"
SHOWN = """() => document.querySelector(".picture canvas").toDataURL()"""


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
    again = here.get_by_role("button", name=re.compile("Draw again"))
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
    expect(here.get_by_role("button", name=re.compile("Draw again"))).to_be_hidden()
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
    # The marks under the field repeat its letters, also where the last word is heard in part.
    assert here.locator(".mirror").inner_text().replace("\u200b", "") == prompt(here).input_value()
    here.locator(".words .word").nth(1).click()
    for part in (None, "1", "2", "3"):
        if part:
            here.evaluate("document.activeElement.blur()")
            here.keyboard.press(part)
        for width in (1366, 360):
            here.set_viewport_size({"width": width, "height": 740})
            here.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=10_000)
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
