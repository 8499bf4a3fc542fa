"""A step in the visitor's hand: guidance dragged, another way from a step on, a latent touched; all on one page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from export.site.vendor import LIBRARIES
from tests.browser.controls import button, finish
from tests.browser.scripts import RED_CAR
from tests.browser.test_layout import AXE, PHONE

STEPS = 3
# Settings -> the id of the run that is drawn with them, which is on show then.
DRAW = "async (settings) => { globalThis.drawn = await diffuscope.generate(settings); return drawn.id; }"
# {run, step, guidance} -> the first frame of a run that goes on before that step with that guidance, from a page's own.
FRAME = """async ({ run, step, guidance }) => {
  const { frames } = await diffuscope.generate({ guidance, from: { run, step: step - 1 } });
  const { eps, x0, latent } = frames[0];
  return { eps: [...eps], x0: [...x0], latent: [...latent] };
}"""
# What the worker is asked, and what it says, of steps that are taken again.
LISTEN = """async () => {
  const { Runs } = await import(new URL("runs/runs.js", document.baseURI));
  const { get } = Object.getOwnPropertyDescriptor(Runs.prototype, "python");
  globalThis.taken = [];
  globalThis.begun = [];
  Object.defineProperty(Runs.prototype, "python", { get() {
    const python = get.call(this);
    return python && new Proxy(python, { get: (it, name) => name !== "take_step" ? it[name] : async (...asked) => {
      const { eps, x0, latent, picture } = await it.take_step(...asked);
      taken.push({ asked, eps: [...eps], x0: [...x0], latent: [...latent] });
      return { eps, x0, latent, picture };
    } });
  } });
  const { generate } = Runs.prototype;
  Runs.prototype.generate = function (wishes, ...rest) {
    const { latent, ...from } = wishes?.from ?? {};
    begun.push({ ...wishes, from, touched: latent && [...latent] });
    return generate.call(this, wishes, ...rest);
  };
}"""
SETTLED = "globalThis.taken.length && (globalThis.before === taken.length || (globalThis.before = taken.length, false))"


@pytest.fixture(scope="module")
def hand(live_page: Page) -> Page:
    live_page.evaluate(LISTEN)
    live_page.evaluate((LIBRARIES / "axe-core/axe.min.js").read_text("utf-8"))
    return live_page


def draw(page: Page, **wishes: Any) -> str:
    """Draw the red car in a few steps, and go to its second."""
    run: str = page.evaluate(DRAW, RED_CAR | {"steps": STEPS} | wishes)
    button(page, "Show picture 2").click()
    return run


def opened(page: Page, part: str) -> None:
    page.locator(f"[data-part='{part}']:visible").first.click()


def closed(page: Page) -> None:
    if button(page, "Close").is_visible():
        button(page, "Close").click()


def goes_on(page: Page) -> dict[str, Any]:
    """What the newest run was asked with, once it has ended."""
    finish(page)
    asked: dict[str, Any] = page.evaluate("begun.at(-1)")
    return asked


def test_guidance_dragged_is_a_run_with_it_at_that_step(hand: Page) -> None:
    run = draw(hand, sampler="dpm++2m")
    hand.evaluate("() => { taken.length = 0 }")
    opened(hand, "4")
    slider = hand.get_by_role("slider", name="Guidance in step 2")
    slider.fill("5.5")
    # Without the words, with them, and pushed as the slider says.
    hand.wait_for_function("[0, 1, 5.5].every((much) => taken.some(({ asked }) => asked[2] === much))")
    asked = hand.evaluate("taken")
    assert [one["asked"][:2] for one in asked] == [[run, 2]] * len(asked)
    taken = next(one for one in asked if one["asked"][2] == 5.5)
    expect(hand.get_by_role("img", name="predicted picture")).to_be_visible()
    expect(hand.get_by_role("img", name="what the words add, ×").first).to_be_visible()
    closed(hand)
    drawn = hand.evaluate(FRAME, {"run": run, "step": 2, "guidance": 5.5})
    for name, values in drawn.items():
        np.testing.assert_allclose(taken[name], values, rtol=1e-5, atol=1e-5)


def test_the_rest_is_drawn_with_that_guidance_or_that_step_alone(hand: Page) -> None:
    run = draw(hand)
    opened(hand, "4")
    slider = hand.get_by_role("slider", name="Guidance in step 2")
    expect(button(hand, "Draw on with 3.0")).to_be_disabled()
    slider.fill("6")
    button(hand, "Draw on with 6.0").click()
    asked = goes_on(hand)
    assert (asked["from"], asked["guidance"]) == ({"run": run, "step": 1}, 6)
    # The picture that was there is kept, and so is where the slider stood.
    button(hand, "Change from here").click()
    button(hand, "Back to the unchanged picture").click()
    expect(hand.locator("[data-setting=guidance] .value")).to_have_text("3.0")
    opened(hand, "4")
    assert slider.input_value() == "6"
    assert not hand.evaluate(AXE)
    button(hand, "In this step only").click()
    asked = goes_on(hand)
    assert asked["from"] == {"run": run, "step": 2, "guidance": 6}
    assert "guidance" not in asked


def test_other_words_from_a_step_on(hand: Page) -> None:
    run = draw(hand)
    button(hand, "Change from here").click()
    sheet = hand.get_by_role("dialog", name="Another way from here")
    expect(button(hand, "Draw on")).to_be_disabled()
    sheet.get_by_role("textbox", name="Guidance").fill("much")
    expect(sheet.get_by_role("alert")).to_contain_text("The guidance must be a number")
    sheet.get_by_role("textbox", name="Guidance").fill("3")
    expect(sheet.get_by_role("alert")).to_be_hidden()
    sheet.get_by_role("textbox", name="Prompt").fill("a blue boat on the beach at sunset")
    sheet.get_by_role("combobox", name="Sampler").select_option("euler")
    assert not hand.evaluate(AXE)
    button(hand, "Draw on").click()
    asked = goes_on(hand)
    boat = {"prompt": "a blue boat on the beach at sunset", "sampler": "euler"}
    assert asked == boat | {"from": {"run": run, "step": 1}, "touched": None}
    button(hand, "Change from here").click()
    button(hand, "Compare with the unchanged picture").click()
    for name in ("a red car on the beach at sunset, A", "a blue boat on the beach at sunset, B"):
        expect(hand.get_by_role("img", name=name)).to_be_visible()
    hand.keyboard.press("Escape")
    expect(button(hand, "Change from here")).to_be_visible()


def test_a_touched_latent_is_seen_at_once_and_drawn_on_from(hand: Page) -> None:
    run = draw(hand, sampler="euler")  # whose latents are larger than the network sees them
    own = hand.evaluate("[...drawn.frames[1].latentIn]")
    opened(hand, "6")
    button(hand, "Touch it").click()
    board = hand.get_by_role("application", name="latent going in")
    picture = hand.get_by_role("img", name="what the decoder sees in it")
    look = "(canvas) => canvas.toDataURL()"
    hand.wait_for_function("document.querySelector('.boards .soft').width > 16")
    before = picture.evaluate(look)
    expect(button(hand, "Draw on from step 2")).to_be_disabled()
    # By keys, then by hand.
    board.focus()
    hand.keyboard.press("ArrowRight")
    hand.keyboard.press("Space")
    expect(button(hand, "Undo")).to_be_enabled()
    button(hand, "Undo").click()
    expect(button(hand, "Undo")).to_be_disabled()
    box = board.bounding_box()
    assert box
    hand.mouse.move(box["x"] + 20, box["y"] + 20)
    hand.mouse.down()
    hand.mouse.move(box["x"] + 120, box["y"] + 60, steps=4)
    hand.mouse.up()
    button(hand, "Move").click()
    hand.mouse.move(box["x"] + 30, box["y"] + 30)
    hand.mouse.down()
    hand.mouse.move(box["x"] + 150, box["y"] + 150, steps=4)
    hand.mouse.up()
    hand.wait_for_function(f"document.querySelector('.boards .soft').toDataURL() !== {before!r}")
    assert not hand.evaluate(AXE)
    button(hand, "Draw on from step 2").click()
    asked = goes_on(hand)
    assert asked["from"] == {"run": run, "step": 1}
    changed = np.array(asked["touched"]) != own
    assert 0.05 < changed.mean() < 0.6, "a part of the latent is the hand's, the rest is the run's"


def test_it_fits_a_phone(hand: Page) -> None:
    closed(hand)
    draw(hand)
    before = hand.viewport_size
    hand.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for part in ("4", "6"):
        opened(hand, part)
        if part == "6" and button(hand, "Touch it").is_visible():
            button(hand, "Touch it").click()
        assert hand.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        small = hand.locator(".sheet button:visible, .sheet input:visible").evaluate_all(
            "(all) => all.map((one) => [one.textContent, one.getBoundingClientRect().height])"
            ".filter(([, height]) => height < 43.9)"
        )
        assert not small
        assert not hand.evaluate(AXE)
        closed(hand)
    hand.set_viewport_size(before)  # type: ignore[arg-type]
