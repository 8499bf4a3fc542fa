"""Lenses on recorded runs: what each shows, how it is chosen, what the address remembers, and how fast the film is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.staged import show, staged

LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
STEPS = 10
LENSES = ["Held", "Predicted", "Changed", "Attention"]
TAP = 44
# What a canvas holds.
DRAWN = "(canvas) => canvas.toDataURL()"
# The strip's last picture against the finished one: the largest difference.
FINISHED = """() => {
  const canvas = [...document.querySelectorAll(".frame canvas")].at(-1);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const { picture } = store.state.runs.byId.staged;
  return Math.max(...data.map((value, k) => Math.abs(value - picture.data[k])));
}"""


@pytest.fixture(scope="module")
def stage(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page without an engine, shared by this module's tests."""
    with staged(chromium, site_url, viewport=LAPTOP, reduced_motion="reduce") as page:
        yield page


@pytest.fixture
def run(stage: Page) -> Page:
    """A finished run, seen through the usual lens."""
    stage.set_viewport_size(LAPTOP)
    show(stage)
    stage.evaluate("store.set({ view: { lens: 'held', pace: 'usual' } }); document.activeElement.blur()")
    return stage


def lens(page: Page, name: str) -> Locator:
    return page.get_by_role("radiogroup", name="Lens").get_by_role("radio", name=name, exact=True)


def centre(page: Page) -> str:
    return page.locator(".picture canvas").evaluate(DRAWN)


def strip(page: Page) -> list[str]:
    return [canvas.evaluate(DRAWN) for canvas in page.locator(".frame canvas").all()]


def caption(page: Page) -> Locator:
    return page.locator(".caption-text")


def test_each_lens_shows_something_else_and_says_what(run: Page) -> None:
    expect(lens(run, "Held")).to_be_checked()
    run.get_by_role("button", name="Show picture 4").click()
    strips, centres, sentences = [], [], []
    for name in LENSES:
        lens(run, name).check()
        strips.append(strip(run))
        centres.append(centre(run))
        sentences.append(run.locator(".lens-why").inner_text())
        pictures = run.get_by_role("img", name=re.compile(f"^Step \\d+ of {STEPS}"))
        expect(pictures).to_have_count(STEPS)
    for step in range(STEPS - 1):
        assert len({strip[step] for strip in strips}) == len(LENSES), step
    assert len(set(centres)) == len(LENSES)
    assert len(set(sentences)) == len(LENSES)
    expect(caption(run)).to_contain_text("Attention of")
    expect(run.get_by_role("img", name=re.compile("^Step 4 of 10, attention of "))).to_be_visible()


def test_after_the_last_step_held_is_the_finished_picture_and_the_others_lead_to_it(run: Page) -> None:
    expect(caption(run)).to_have_text("Finished, 10 steps")
    assert run.evaluate(FINISHED) == 0
    finished = centre(run)
    lens(run, "Predicted").check()
    assert centre(run) == finished
    lens(run, "Changed").check()
    assert centre(run) != finished
    expect(caption(run)).to_have_text("Changed, step 10 of 10since step 9")
    run.get_by_role("button", name="Changes over the picture").click()
    assert centre(run) == finished
    expect(lens(run, "Held")).to_be_checked()


def test_held_goes_from_static_to_picture(run: Page) -> None:
    """The latents come nearer to the last one, step by step, while the foreseen pictures are like it from the start."""
    alike = run.evaluate(
        """() => {
          const frames = store.state.runs.byId.staged.frames;
          const last = frames.at(-1).latent;
          const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
          return frames.map(({ latent }) => dot(latent, last) / Math.sqrt(dot(latent, latent) * dot(last, last)));
        }"""
    )
    assert alike == sorted(alike)
    assert alike[0] < 0.7
    left = [
        float(text.removesuffix("\u202f%"))
        for text in run.locator(".frame-facts span").all_inner_texts()[:-1]
    ]
    assert left == sorted(left, reverse=True)
    assert run.locator(".frame-facts span").last.inner_text() == "done"


def test_keys_choose_the_lens_and_attention_gives_way_to_what_was_seen(run: Page) -> None:
    for name in [*LENSES[1:], LENSES[0], LENSES[1]]:
        run.keyboard.press("l")
        expect(lens(run, name)).to_be_checked()
    run.keyboard.press("a")
    expect(lens(run, "Attention")).to_be_checked()
    chosen = run.get_by_role("group", name="Words", exact=True).locator("[aria-pressed=true]")
    expect(chosen).to_have_count(1)
    run.keyboard.press("a")
    expect(lens(run, "Predicted")).to_be_checked()
    run.keyboard.press("Escape")
    lens(run, "Predicted").focus()
    run.keyboard.press("ArrowRight")
    expect(lens(run, "Changed")).to_be_checked()


def test_without_words_there_is_no_attention(run: Page) -> None:
    run.evaluate(
        """() => {
          const { staged } = store.state.runs.byId;
          const frames = staged.frames.map((frame) => ({ ...frame, words: [] }));
          store.set({ runs: { byId: { staged: { ...staged, frames } } } });
        }"""
    )
    expect(lens(run, "Attention")).to_be_disabled()


def test_of_a_run_on_its_way_held_is_a_latent_to_the_last(run: Page) -> None:
    show(run, done=3, run={"status": "paused", "picture": None})
    expect(caption(run)).to_contain_text("Held, step 3 of 10")
    expect(caption(run)).to_contain_text("noise")
    expect(
        run.get_by_role("img", name=re.compile("^What the latent holds after step 3 of 10"))
    ).to_be_visible()
    lens(run, "Changed").check()
    run.get_by_role("button", name="First step").click()
    expect(caption(run)).to_contain_text("nothing came before it")


# Latents of the shape of another model, in place of the recording's.
WIDE = """() => {
  const { staged } = store.state.runs.byId;
  const model = { ...staged.model, latent: { ...staged.model.latent, height: 96, width: 96 } };
  model.scheduler = { ...model.scheduler, prediction_type: "v_prediction" };
  const latent = Float32Array.from({ length: 4 * 96 * 96 }, (_, k) => Math.sin(k / 7));
  const frames = staged.frames.map((frame) => ({ ...frame, latent: latent.slice() }));
  store.set({ model, runs: { byId: { staged: { ...staged, model, frames } } } });
}"""


def test_a_latent_of_another_models_shape_is_painted_smoothly(run: Page) -> None:
    few = run.locator(".frame canvas").first
    assert few.evaluate("(canvas) => [canvas.width, getComputedStyle(canvas).imageRendering]") == [
        16,
        "pixelated",
    ]
    run.evaluate(WIDE)
    run.get_by_role("button", name="Show picture 4").click()
    assert few.evaluate("(canvas) => [canvas.width, getComputedStyle(canvas).imageRendering]") == [96, "auto"]
    expect(caption(run)).to_contain_text("Held, step 4 of 10")
    expect(run.locator(".lens-why")).to_contain_text("96 × 96")


def test_the_address_remembers_how_a_run_is_looked_at(chromium: Browser, site_url: str) -> None:
    with staged(chromium, f"{site_url}#lens=changed&step=3&word=2&part=4", viewport=LAPTOP) as page:
        page.wait_for_function("store.state.view.step === 3")
        expect(lens(page, "Changed")).to_be_checked()
        expect(page.get_by_role("region", name="Guidance", exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        chosen = page.get_by_role("group", name="Words", exact=True).locator("[aria-pressed=true]")
        expect(chosen).to_have_text("red")
        page.keyboard.press("l")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("location.hash === '#lens=attention&step=4&word=2'")
        # By hand, or back and forward.
        page.evaluate("location.hash = '#lens=foreseen&step=2'")
        expect(lens(page, "Predicted")).to_be_checked()
        expect(page.locator(".frame[aria-current] b")).to_have_text("2")


def test_the_film_runs_as_fast_as_the_pace_says(run: Page) -> None:
    def pace(name: str) -> None:
        run.get_by_role("button", name="Pace").click()
        run.get_by_role("radio", name=re.compile(f"^{name}")).check()
        run.keyboard.press("Escape")

    pace("slow")
    run.get_by_role("button", name="Play the film").click()
    expect(run.locator(".frame[aria-current] b")).to_have_text("1")
    run.wait_for_timeout(700)
    expect(run.locator(".frame[aria-current] b")).to_have_text("1")
    pace("quick")  # also while it runs
    expect(run.locator(".transport-title")).to_have_text("Finished", timeout=4000)


@pytest.mark.parametrize(
    "size", [LAPTOP, PHONE, {"width": 740, "height": 360}], ids=["laptop", "phone", "side"]
)
def test_every_lens_can_be_touched(run: Page, size: dict[str, int]) -> None:
    run.set_viewport_size(size)  # type: ignore[arg-type]
    for name in LENSES:
        box = lens(run, name).bounding_box()
        assert box
        assert box["height"] >= TAP - 1
        assert box["width"] >= TAP
    assert run.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
