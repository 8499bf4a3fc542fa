"""The page as its visitors meet it: by name, by keyboard, on a phone, and when something is wrong."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import wait_ready

PROMPT = "a red car on the beach at sunset"
STEPS = 3
RUN = 120_000  # milliseconds that a short run may take on busy cores
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
TAP = 44
WEB = Path(__file__).parents[2] / "web"
SEED = json.loads((WEB / "models/miniature/manifest.json").read_text("utf-8"))["defaults"]["seed"]


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def words(page: Page) -> Locator:
    return page.get_by_role("group", name="Words", exact=True).get_by_role("button")


def prompt(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompt", exact=True)


def set_steps(page: Page, steps: int) -> None:
    page.get_by_role("button", name=re.compile("^Steps")).click()
    page.get_by_role("textbox", name="Steps, as a number").fill(str(steps))
    page.keyboard.press("Escape")


def finish(page: Page) -> None:
    expect(button(page, "Save")).to_be_visible(timeout=RUN)


def picture(page: Page) -> bytes:
    """What the canvas in the frame shows now."""
    return page.evaluate("document.querySelector('.picture canvas').toDataURL()").encode()


def title(page: Page) -> Locator:
    return page.locator(".transport-title")


@pytest.fixture(scope="module")
def drawn(live_page: Page) -> Page:
    """A page on which a picture of three steps has been drawn."""
    live_page.set_viewport_size(LAPTOP)
    prompt(live_page).fill(PROMPT)
    set_steps(live_page, STEPS)
    button(live_page, "Generate").click()
    finish(live_page)
    return live_page


BLANK = """(canvases) => canvases.every((canvas) => canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.every((value) => value === 0))"""


@pytest.fixture
def finished(drawn: Page) -> Page:
    """That page as it was when the picture was finished: nothing chosen, nothing opened, the last step on show."""
    drawn.set_viewport_size(LAPTOP)
    drawn.evaluate("document.activeElement?.blur()")
    drawn.keyboard.press("Escape")
    drawn.keyboard.press("Escape")
    if button(drawn, "Save").is_hidden() or prompt(drawn).input_value() != PROMPT:
        prompt(drawn).fill(PROMPT)
        button(drawn, "Generate").click()
        finish(drawn)
        drawn.evaluate("document.activeElement?.blur()")
    drawn.keyboard.press("End")
    expect(title(drawn)).to_have_text("Finished")
    return drawn


def test_first_visit_plays_a_recorded_run_and_generate_waits_its_turn(page: Page) -> None:
    expect(page.get_by_text("Recorded", exact=True)).to_be_visible(timeout=30_000)
    expect(page.get_by_role("img", name=re.compile("^Step 2 of"))).to_be_visible()
    expect(page.get_by_role("heading", name="You are watching a recorded run")).to_be_visible()
    button(page, "Hold the film").click()
    held = page.locator(".frame[aria-current] b").inner_text()
    expect(page.get_by_role("img", name=re.compile(f"^Step {int(held) + 1} of"))).to_be_visible()
    expect(page.locator(".frame[aria-current] b")).to_have_text(held)
    button(page, "Play the film").click()
    expect(page.locator(".frame[aria-current] b")).not_to_have_text(held)
    button(page, "Generate").click()
    expect(page.get_by_role("heading", name="The engine is starting")).to_be_visible()
    expect(button(page, "Cancel")).to_be_visible()
    # Nothing of the recorded run is left where the new one's pictures will be.
    expect(page.locator(".frame[data-todo]")).not_to_have_count(0)
    assert page.locator(".frame[data-todo] canvas").evaluate_all(BLANK)
    button(page, "Cancel").click()
    expect(button(page, "Generate")).to_be_visible()


def test_everything_has_the_name_that_was_agreed(finished: Page) -> None:
    expect(prompt(finished)).to_have_value(PROMPT)
    for name in ("Generate", "Save"):
        expect(button(finished, name)).to_be_visible()
    assert [word.inner_text() for word in words(finished).all()] == PROMPT.split()
    for step in range(1, STEPS + 1):
        expect(finished.get_by_role("img", name=re.compile(f"^Step {step} of {STEPS}"))).to_have_count(1)
    expect(finished.get_by_role("img", name=PROMPT, exact=True)).to_be_visible()
    expect(finished.get_by_role("button", name="Avoid (negative prompt)")).to_be_visible()
    facts = finished.locator("#engine").inner_text()
    assert re.search(r"million weights, (WASM \d+ thread|WebGPU on )", facts), facts


def test_keyboard_alone_is_enough(finished: Page) -> None:
    page = finished
    prompt(page).focus()
    page.keyboard.press("Enter")
    expect(button(page, "Pause")).to_be_visible()
    finish(page)
    page.evaluate("document.activeElement.blur()")
    last = picture(page)
    page.keyboard.press("Home")
    expect(title(page)).to_have_text(f"Step 1 of {STEPS}")
    assert picture(page) != last
    page.keyboard.press("ArrowRight")
    expect(title(page)).to_have_text(f"Step 2 of {STEPS}")
    page.keyboard.press("w")
    expect(words(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(words(page).nth(2)).to_have_attribute("aria-pressed", "true")
    strength = page.get_by_role("slider", name="Strength of car").first
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("-")
    expect(strength).to_have_attribute("aria-valuenow", "0.9")
    page.keyboard.press("+")
    page.keyboard.press("4")
    sheet = page.get_by_role("region", name="Guidance", exact=True)
    expect(sheet).to_be_visible()
    expect(sheet.get_by_role("img", name="guided noise")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_every_control_shows_that_it_has_the_focus(finished: Page) -> None:
    bare = finished.evaluate(
        """() => [...document.querySelectorAll('button, input, [tabindex="0"]')]
          .filter(one => one.checkVisibility() && !one.disabled && !one.closest('.popover'))
          .filter(one => { one.focus({ focusVisible: true }); return getComputedStyle(one).outlineStyle === 'none' })
          .map(one => one.outerHTML.slice(0, 80))"""
    )
    assert bare == []


def test_scrubbing_changes_the_picture(finished: Page) -> None:
    slider = finished.get_by_role("slider", name="Timeline")
    pictures = []
    for step in range(1, STEPS + 1):
        box = slider.bounding_box()
        assert box
        slider.click(position={"x": box["width"] * (step - 0.5) / STEPS, "y": box["height"] / 2})
        expect(slider).to_have_attribute("aria-valuenow", str(step))
        expect(finished.locator(".frame[aria-current] b")).to_have_text(str(step))
        pictures.append(picture(finished))
    assert len(set(pictures)) == STEPS
    finished.get_by_role("button", name="Show picture 1").click()
    assert picture(finished) == pictures[0]


def test_playing_goes_through_the_steps_by_itself(finished: Page) -> None:
    button(finished, "First step").click()
    button(finished, "Play the film").click()
    expect(title(finished)).to_have_text("Finished", timeout=10_000)
    expect(button(finished, "Play the film")).to_be_visible()


def test_choosing_a_word_shows_where_the_picture_listens_to_it(finished: Page) -> None:
    plain = picture(finished)
    words(finished).nth(2).click()
    expect(finished.get_by_role("heading", name="Where the picture listens to car")).to_be_visible()
    stained = picture(finished)
    assert stained != plain
    maps = finished.get_by_role("group", name="All words on one scale").get_by_role("button")
    assert maps.count() == len(PROMPT.split())
    shares = [float(share.split("\u202f")[0]) for share in maps.locator(".quiet").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=1)  # of what all words get, rounded one by one
    button(finished, "This step").click()
    assert picture(finished) != stained  # the mean of three steps is not the last of them
    button(finished, "As a table").click()
    expect(finished.get_by_role("row", name=re.compile("^car "))).to_contain_text(f"{shares[2]:.1f}")
    button(finished, "As a table").click()
    finished.get_by_role("button", name="Attention over the picture").click()
    assert picture(finished) == plain
    words(finished).nth(2).click()
    assert picture(finished) == plain


@pytest.mark.parametrize(
    ("part", "name"),
    list(enumerate(["Words", "Text encoder", "UNet", "Guidance", "Sampler", "Latent", "Decoder"], start=1)),
)
def test_each_part_opens_on_real_data_and_gives_the_focus_back(finished: Page, part: int, name: str) -> None:
    opener = finished.locator(f".stage button[data-part='{part}']")
    opener.click()
    sheet = finished.get_by_role("region", name=name, exact=True)
    expect(sheet.get_by_role("heading", name=name).first).to_be_focused()
    shown = sheet.get_by_role("img").or_(sheet.get_by_role("listitem"))
    assert shown.count() >= 2
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()


def test_pause_step_and_cancel_stand_in_the_place_of_generate(
    finished: Page, request: pytest.FixtureRequest
) -> None:
    slider = finished.get_by_role("slider", name="Timeline")

    def done() -> int:
        return int(slider.get_attribute("aria-valuemax") or 0)

    request.addfinalizer(lambda: set_steps(finished, STEPS))
    set_steps(finished, 40)  # more than any machine draws before it is asked to pause
    button(finished, "Generate").click()
    expect(button(finished, "Generate")).to_be_hidden()
    expect(finished.locator(".frame:not([data-todo])")).not_to_have_count(0, timeout=RUN)
    button(finished, "First step").click()  # looking back does not hold up the run
    first = done()
    expect(slider).not_to_have_attribute("aria-valuemax", str(first), timeout=RUN)
    expect(finished.locator(".frame[aria-current] b")).to_have_text("1")
    button(finished, "Pause").click()
    expect(button(finished, "Resume")).to_be_visible()
    finished.wait_for_timeout(1500)  # the step that was going may still end
    before = done()
    button(finished, "Step").click()
    expect(slider).to_have_attribute("aria-valuemax", str(before + 1), timeout=RUN)
    button(finished, "Cancel").click()
    expect(title(finished)).to_have_text(f"Cancelled at step {before + 1}")
    expect(button(finished, "Generate")).to_be_visible()


def test_save_gives_the_picture_as_png(finished: Page) -> None:
    with finished.expect_download() as waiting:
        button(finished, "Save").click()
    download = waiting.value
    assert download.suggested_filename == f"a-red-car-on-the-beach-at-sunset-{SEED}.png"
    saved = np.asarray(Image.open(io.BytesIO(Path(download.path()).read_bytes())).convert("RGB"))
    again = finished.evaluate(
        "diffuscope.generate({}).then(({ picture }) => [picture.width, picture.height, ...picture.data])"
    )
    width, height = again[:2]
    assert np.array_equal(saved, np.array(again[2:], np.uint8).reshape(height, width, 4)[:, :, :3])


def test_the_address_brings_the_picture_back(finished: Page) -> None:
    assert "prompt=a+red+car" in finished.url
    assert f"steps={STEPS}" in finished.url


def test_the_engine_says_what_it_is(finished: Page) -> None:
    finished.locator("button.engine").click()
    about = finished.get_by_role("dialog", name="Models")
    expect(about).to_contain_text("the processor computes")
    finished.keyboard.press("Escape")
    expect(about).to_be_hidden()


def test_a_seed_that_is_not_a_whole_number_is_refused_in_words(finished: Page) -> None:
    finished.get_by_role("button", name=re.compile("^Seed")).click()
    field = finished.get_by_role("textbox", name="Seed")
    for wrong in ("3.5", "-1", "car", ""):
        field.fill(wrong)
        expect(finished.get_by_role("alert")).to_contain_text("A seed is a whole number, such as 7")
        expect(finished.locator("[data-setting=seed] .value")).to_have_text(str(SEED))
    field.fill("12")
    expect(finished.get_by_role("alert")).to_be_hidden()
    expect(finished.locator("[data-setting=seed] .value")).to_have_text("12")
    field.fill(str(SEED))
    finished.keyboard.press("Escape")


def test_unknown_words_are_marked_and_known_ones_offered(finished: Page) -> None:
    prompt(finished).fill("a red caar on the beach")
    expect(finished.locator(".mirror .unknown")).to_have_text("caar")
    notes = finished.locator("#prompt-notes")
    expect(notes).to_contain_text("never saw caar while it learned")
    notes.get_by_role("button", name="car", exact=True).click()
    expect(prompt(finished)).to_have_value("a red car on the beach")
    expect(notes).to_be_empty()


def test_what_does_not_fit_into_75_tokens_is_struck_and_named(finished: Page) -> None:
    prompt(finished).fill(" ".join(["car"] * 75 + ["beach", "sunset"]))
    expect(finished.locator(".mirror .cut")).to_have_text("beach sunset")
    expect(finished.locator("#prompt-notes")).to_contain_text("It does not hear: beach sunset")


def test_an_empty_prompt_is_a_picture_without_words(finished: Page) -> None:
    prompt(finished).fill("")
    button(finished, "Generate").click()
    finish(finished)
    expect(finished.get_by_role("img", name="a picture without words", exact=True)).to_be_visible()
    expect(words(finished)).to_have_count(0)


def test_a_damaged_model_file_is_named_with_a_way_on(
    chromium, altered_site: Callable[[str, bytes | None], str]
) -> None:
    manifest = json.loads((WEB / "models/miniature/manifest.json").read_text("utf-8"))
    shard = manifest["graphs"]["unet"]["shards"][0]
    content = bytearray((WEB / "models/miniature" / shard).read_bytes())
    content[1000] ^= 1
    context = chromium.new_context()
    page = context.new_page()
    page.goto(altered_site(f"models/miniature/{shard}", bytes(content)))
    notes = page.locator("#prompt-notes")
    expect(notes).to_contain_text("The model file is damaged.", timeout=60_000)
    expect(notes).to_contain_text(Path(shard).name)
    expect(notes.get_by_role("button", name="Start the engine again")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1024, 1280, 1366, 1920])
def test_nothing_is_wider_than_the_screen(finished: Page, width: int) -> None:
    finished.set_viewport_size({"width": width, "height": 740})
    words(finished).nth(2).click()
    for part in (None, "3", "5"):
        if part:
            finished.keyboard.press(part)
        assert finished.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, part


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_targets_are_large_enough_and_apart(finished: Page, size: dict) -> None:
    finished.set_viewport_size(size)
    words(finished).nth(1).click()
    targets = finished.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, [role=slider], a')]
          .filter(one => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.popover'))
          .map(one => { const box = one.getBoundingClientRect();
            return { name: one.ariaLabel || one.innerText || one.id, x: box.x, y: box.y + scrollY,
                     width: box.width, height: box.height,
                     free: Boolean(one.closest('.actions, .words, .press, .multiples, .parts')) } })
          .filter(one => one.width > 0)"""
    )
    assert len(targets) > 30
    small = [one for one in targets if min(one["width"], one["height"]) < TAP - 0.1]
    assert small == []
    # The dock floats above the rest, lists scroll under their edges, and the picture's own press lies under its word.
    fixed = [one for one in targets if not one["free"]]
    crossed = [(one["name"], two["name"]) for one, two in combinations(fixed, 2) if overlap(one, two) > 2]
    assert crossed == []


def overlap(one: dict, two: dict) -> float:
    """Pixels that two boxes share in the direction in which they share less."""
    x = min(one["x"] + one["width"], two["x"] + two["width"]) - max(one["x"], two["x"])
    y = min(one["y"] + one["height"], two["y"] + two["height"]) - max(one["y"], two["y"])
    return min(x, y)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(finished: Page, theme: str) -> None:
    if finished.evaluate("document.documentElement.dataset.theme") != theme:
        button(finished, "Light or dark").click()
    assert finished.evaluate("document.documentElement.dataset.theme") == theme
    tokens = finished.evaluate(
        """() => Object.fromEntries(['wall', 'paper', 'ink', 'ink-2', 'ink-3', 'line', 'now', 'now-ink', 'now-edge',
          'stain', 'stain-ink', 'bad', 'good'].map(name =>
            [name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()]))"""
    )
    for ground in ("wall", "paper"):
        for text in ("ink", "ink-2", "ink-3", "stain-ink", "bad", "good"):
            assert contrast(tokens[text], tokens[ground]) >= 4.5, (text, ground)
        for edge in ("line", "now-edge", "stain"):
            assert contrast(tokens[edge], tokens[ground]) >= 3, (edge, ground)
    assert contrast(tokens["now-ink"], tokens["now"]) >= 4.5


def contrast(one: str, two: str) -> float:
    """WCAG 2.2's contrast ratio of two colours written as #rrggbb."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_page_keeps_still_for_those_who_ask(chromium, site_url: str) -> None:
    context = chromium.new_context(reduced_motion="reduce", viewport=LAPTOP)
    page = context.new_page()
    page.goto(site_url)
    wait_ready(page)
    set_steps(page, 2)
    button(page, "Generate").click()
    expect(button(page, "Pause")).to_be_visible()
    moving = page.evaluate("document.getAnimations().filter(one => one.playState === 'running').length")
    assert moving == 0
    finish(page)
    context.close()


def test_the_channels_scale_is_that_of_the_model_on_show(live_page: Page) -> None:
    """Two models of as many channels may have other ranges."""
    scales = live_page.evaluate(
        """async () => {
          const { paintChannels } = await import(new URL("views/side/turn.js", document.baseURI));
          const element = document.createElement("div");
          return [[-4, 4], [-2.5, 2.5]].map((range) => {
            paintChannels(element, new Float32Array(8), { channels: 2, height: 2, width: 2, range });
            return element.querySelector(".num").innerText;
          });
        }"""
    )
    assert ["4.0" in scales[0], "2.5" in scales[1]] == [True, True]
