"""What a run begins with, on the page: files, the last picture, scribbles, and the step on the winding."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from export.site.vendor import LIBRARIES
from pyscript_app.loop import Start
from tests.browser.controls import button, finish, prompt, value
from tests.browser.native import draw_natively
from tests.browser.scripts import GENERATE, RED_CAR
from tests.browser.staged import show, staged
from tests.browser.test_layout import AXE

RED, BLUE, WHITE = (226, 32, 40), (38, 100, 236), (255, 255, 255)
THIN = "\u202f"  # the space before a per cent sign
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
# [x, y] -> red, green and blue of the picture to begin with.
PIXEL = """([x, y]) => {
  const { data, width } = store.state.start.picture;
  return [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 3)];
}"""
# {name, type, content, on} -> nothing; a file of that content is dropped on the page, or pasted.
GIVE = """async ({ name, type, content, on }) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(on === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def halves(size: tuple[int, int] = (128, 128)) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0] // 2, size[1]))
    return picture


def file(picture: Image.Image, name: str = "own.png", **wishes: Any) -> FilePayload:
    written = io.BytesIO()
    picture.save(written, format=Image.registered_extensions()[Path(name).suffix], **wishes)
    return {"name": name, "mimeType": f"image/{Path(name).suffix[1:]}", "buffer": written.getvalue()}


def near(page: Page, x: int, y: int, colour: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(page.evaluate(PIXEL, [x, y]), colour, strict=True)) < 12


@pytest.fixture(scope="module")
def stage(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page whose engine never starts."""
    with staged(chromium, site_url, viewport=LAPTOP) as page:
        page.evaluate((LIBRARIES / "axe-core/axe.min.js").read_text("utf-8"))
        yield page


@pytest.fixture
def page(stage: Page) -> Page:
    """A finished picture, and the next one begins in noise."""
    stage.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    stage.keyboard.press("Escape")
    nothing = {"on": False, "kind": "file", "whole": None, "marks": [], "picture": None, "strength": 0.6}
    stage.evaluate("(start) => store.set({ start })", nothing | {"noiseShares": [], "trouble": None})
    show(stage)
    return stage


@pytest.fixture
def sheet(page: Page) -> Locator:
    page.locator("[data-setting=start]").click()
    return page.get_by_role("dialog", name="Begin with")


def choose(page: Page, picture: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="A file").click()
    chooser.value.set_files(picture)


def test_a_file_of_the_model_s_size_is_taken_to_the_pixel(page: Page, sheet: Locator) -> None:
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (128, 128, 3), np.uint8))
    choose(page, file(noise))
    expect(sheet.get_by_role("button", name="A file")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("store.state.start.kind === 'file' && store.state.start.picture")
    taken = np.array(page.evaluate("[...store.state.start.picture.data]")).reshape(128, 128, 4)
    np.testing.assert_array_equal(taken[..., :3], noise)
    expect(value(page, "start")).to_contain_text("your file, 60")


def test_a_photograph_is_cut_to_its_middle_the_right_way_up(page: Page, sheet: Locator) -> None:
    # Lies on its side: red is on the left of the file, and up as the camera was held.
    turned = Image.Exif()
    turned[Base.Orientation] = 6
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    choose(page, file(halves((4000, 2600)), "photo.jpeg", exif=turned, quality=95))
    page.wait_for_function("store.state.start.kind === 'file'")
    assert page.evaluate("[store.state.start.picture.width, store.state.start.picture.height]") == [128, 128]
    assert near(page, 4, 4, RED)
    assert near(page, 123, 4, RED)
    assert near(page, 4, 123, BLUE)
    # A model of another size keeps it.
    page.evaluate("store.set({ model: { ...store.state.model, picture: { width: 64, height: 32 } } })")
    page.wait_for_function("store.state.start.picture.width === 64")
    assert near(page, 60, 2, RED)
    assert near(page, 60, 30, BLUE)


def test_what_a_picture_lets_through_is_white(page: Page, sheet: Locator) -> None:
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    choose(page, file(Image.new("RGBA", (128, 128), (0, 0, 0, 0))))
    page.wait_for_function("store.state.start.kind === 'file'")
    assert page.evaluate(PIXEL, [64, 64]) == list(WHITE)


@pytest.mark.parametrize("on", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(page: Page, on: str) -> None:
    given = file(halves())
    content = base64.b64encode(given["buffer"]).decode()
    page.evaluate(GIVE, {"name": "own.png", "type": "image/png", "content": content, "on": on})
    # What has come is shown where it can be changed.
    sheet = page.get_by_role("dialog", name="Begin with")
    expect(sheet.get_by_role("radio", name=re.compile("^A picture"))).to_be_checked()
    assert page.evaluate(PIXEL, [10, 10]) == list(RED)
    assert page.evaluate(PIXEL, [120, 10]) == list(BLUE)


def test_what_is_no_picture_is_said_and_nothing_is_lost(page: Page) -> None:
    content = base64.b64encode(file(halves())["buffer"]).decode()
    page.evaluate(GIVE, {"name": "own.png", "type": "image/png", "content": content, "on": "drop"})
    page.wait_for_function("store.state.start.picture")
    page.keyboard.press("Escape")
    bad = {"name": "broken.png", "type": "image/png", "content": "AAAA", "on": "drop"}
    page.evaluate(GIVE, bad)
    sheet = page.get_by_role("dialog", name="Begin with")
    expect(sheet.get_by_role("alert")).to_have_text(
        "The browser cannot read broken.png as a picture: take a PNG, JPEG or WebP file."
    )
    assert page.evaluate(PIXEL, [10, 10]) == list(RED)
    assert page.evaluate("store.state.start.on")
    # The next picture takes the sentence away.
    sheet.get_by_role("button", name="The last picture").click()
    expect(sheet.get_by_role("alert")).to_be_hidden()


def test_the_last_picture_is_the_one_on_show(page: Page, sheet: Locator) -> None:
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    assert page.evaluate("store.state.start.picture === store.state.runs.byId.staged.picture")
    expect(sheet.get_by_text("A link to this page cannot carry the picture")).to_be_visible()
    sheet.get_by_role("radio", name=re.compile("^Noise")).check()
    expect(sheet.get_by_text("A link to this page")).to_be_hidden()
    expect(value(page, "start")).to_have_text("noise")
    # It is there for another time.
    assert page.evaluate("store.state.start.picture !== null")


def test_the_fields_say_that_the_picture_on_show_began_elsewhere(page: Page, sheet: Locator) -> None:
    again = page.get_by_role("button", name=re.compile("Draw again"))
    expect(again).to_be_hidden()
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    expect(again).to_be_visible()
    sheet.get_by_role("radio", name=re.compile("^Noise")).check()
    expect(again).to_be_hidden()


def test_a_scribble_is_drawn_filled_and_taken_back(page: Page, sheet: Locator) -> None:
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    sheet.get_by_role("button", name="Scribble").click()
    canvas = sheet.get_by_role("application")
    assert canvas.evaluate("(canvas) => getComputedStyle(canvas).touchAction") == "none"
    box = canvas.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 20, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, middle, steps=5)
    page.mouse.up()
    assert page.evaluate(PIXEL, [64, 64]) == list(RED)
    blank = page.evaluate(PIXEL, [64, 20])
    sheet.get_by_role("radio", name="Sand").check()
    sheet.get_by_role("button", name="Fill the lower half").click()
    assert page.evaluate(PIXEL, [64, 120]) == [240, 212, 150]
    assert page.evaluate(PIXEL, [64, 64]) == list(RED)  # the line stays over the ground
    assert page.evaluate(PIXEL, [64, 20]) == blank
    sheet.get_by_role("button", name="Undo").click()
    assert page.evaluate(PIXEL, [64, 120]) == blank
    sheet.get_by_role("button", name="Clear").click()
    assert page.evaluate(PIXEL, [64, 64]) == blank
    expect(sheet.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_scribble_is_drawn_from_the_keyboard(page: Page, sheet: Locator) -> None:
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    sheet.get_by_role("button", name="Scribble").click()
    sheet.get_by_role("radio", name="Red").focus()
    page.keyboard.press("ArrowLeft")  # round to the last
    expect(sheet.get_by_role("radio", name="Night")).to_be_checked()
    sheet.get_by_role("application").focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    assert page.evaluate(PIXEL, [64, 32]) == [18, 24, 70]
    assert page.evaluate(PIXEL, [64, 64]) != [18, 24, 70]


def test_the_slider_is_the_step_on_the_winding(page: Page, sheet: Locator) -> None:
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    shares = [1.0, 0.99, 0.97, 0.93, 0.86, 0.75, 0.58, 0.4, 0.2, 0.1]
    page.evaluate("(noiseShares) => store.set({ start: { noiseShares } })", shares)
    slider = sheet.get_by_role("slider", name="The step to begin with")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", f"Begins at step 10 of 10: 10{THIN}% noise")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", f"Begins at step 7 of 10: 58{THIN}% noise")
    assert page.evaluate("store.state.start.strength") == 0.4
    page.keyboard.press("Home")
    expect(sheet.locator(".begin-text")).to_contain_text(
        f"Begins at step 1 of 10: 100{THIN}% noise strength 100{THIN}%"
    )
    # Of fewer steps the same part is taken, and one at least.
    page.evaluate("store.set({ start: { strength: 0.1 }, settings: { steps: 4 } })")
    expect(sheet.locator(".begin-text")).to_contain_text("Begins at step 4 of 4")


NAMES = "(all) => all.map((one) => one.getAttribute('aria-label'))"


def test_a_run_that_begins_late_counts_its_steps_on_the_winding(page: Page) -> None:
    whole = page.evaluate("(() => document.querySelector('.stage canvas').toDataURL())()")
    start = "({ picture: store.state.runs.byId.staged.picture, strength: 0.5 })"
    show(page, steps=4, run={"skipped": 4}, settings={"steps": 8})
    page.evaluate(f"""store.set({{ runs: {{ byId: {{ staged: {{
        ...store.state.runs.byId.staged, start: {start} }} }} }} }})""")
    strip = page.get_by_role("img", name=re.compile("^Step "))
    assert [name[:11] for name in strip.evaluate_all(NAMES)] == [f"Step {step} of 8" for step in (5, 6, 7, 8)]
    timeline = page.get_by_role("slider", name="Timeline")
    timeline.focus()
    page.keyboard.press("Home")
    expect(timeline).to_have_attribute("aria-valuetext", "Step 5 of 8")
    said = [timeline.get_attribute(f"aria-value{name}") for name in ("min", "now", "max")]
    assert said == ["5", "5", "8"]
    expect(page.locator(".caption-text")).to_contain_text("step 5 of 8")
    expect(
        page.get_by_role("img", name=re.compile("^What the latent holds after step 5 of 8"))
    ).to_be_visible()
    expect(page.locator(".transport-title")).to_have_text("Step 5 of 8")
    button(page, "Show picture 7").click()
    assert page.evaluate("store.state.view.step") == 3
    expect(timeline).to_have_attribute("aria-valuetext", "Step 7 of 8")
    expect(page.locator(".stage .noise")).to_contain_text("Your picture")
    # Each lap that was drawn has a dot of each word: one lap a step, from the fifth on.
    words = page.locator(".words .word").count()
    expect(page.locator(".threads circle.dot")).to_have_count(3 * words)
    assert page.evaluate("document.querySelector('.stage canvas').toDataURL()") != whole


@pytest.mark.parametrize("size", [LAPTOP, PHONE, {"width": 740, "height": 360}], ids=str)
@pytest.mark.parametrize("kind", ["The last picture", "Scribble"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sheet_fits_and_axe_finds_nothing(page: Page, theme: str, kind: str, size: Any) -> None:
    page.set_viewport_size(size)
    page.evaluate("(theme) => store.set({ view: { theme } })", theme)
    page.locator("[data-setting=start]").click()
    sheet = page.get_by_role("dialog", name="Begin with")
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    sheet.get_by_role("button", name=kind).click()
    page.wait_for_timeout(100)
    assert page.evaluate(AXE) == []
    box = sheet.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]
    assert sheet.evaluate("(sheet) => sheet.scrollWidth - sheet.clientWidth") <= 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small = sheet.locator("button, label, input[type=range], .scribble input").evaluate_all(
        """(all) => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
          .filter(({ width, height }) => width < 43.5 || height < 43.5).length"""
    )
    assert small == 0
    page.evaluate("store.set({ view: { theme: 'auto' } })")


# With the engine

# Where the page's own button has its runs begin.
LISTEN = """async () => {
  const { Runs } = await import(new URL("runs/runs.js", document.baseURI));
  const { startOf } = await import(new URL("state/start.js", document.baseURI));
  const { generate } = Runs.prototype;
  Runs.prototype.generate = function (...asked) {
    globalThis.startNow = () => startOf(this.store.state);
    return generate.apply(this, asked);
  };
}"""
AGAIN = f"() => ({GENERATE})({{ start: startNow() }})"
DRAW = """() => diffuscope.generate({ start: startNow() })
  .then(({ frames, picture }) => [frames.length, [...picture.data]])"""


def far_from_grass(colours: list[int]) -> float:
    return float(np.abs(np.array(colours).reshape(-1, 4)[:, :3] - [116, 186, 74]).mean())


@pytest.fixture(scope="module")
def own() -> FilePayload:
    """A picture of a red car in a blue world, more or less."""
    picture = Image.new("RGB", (128, 128), BLUE)
    picture.paste(RED, (30, 60, 98, 100))
    return file(picture)


def test_a_run_begins_at_the_visitor_s_file_as_on_the_command_line(
    live_page: Page, site: Path, own: FilePayload
) -> None:
    page = live_page
    page.evaluate(LISTEN)
    page.evaluate("(settings) => diffuscope.generate({ ...settings, steps: 1 }).then(() => null)", RED_CAR)
    page.locator("[data-setting=steps]").click()
    page.get_by_role("textbox", name="Steps, as a number").fill("4")
    page.keyboard.press("Escape")
    page.locator("[data-setting=start]").click()
    sheet = page.get_by_role("dialog", name="Begin with")
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    choose(page, own)
    expect(value(page, "start")).to_contain_text("your file")
    slider = sheet.get_by_role("slider", name="The step to begin with")
    slider.fill("3")
    # The noise is the sampler's own, asked of Python.
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(rf"Begins at step 3 of 4: \d+{THIN}% noise")
    )
    noise = re.search(r"\d+", (slider.get_attribute("aria-valuetext") or "").partition(":")[2])
    page.keyboard.press("Escape")
    button(page, "Generate").click()
    finish(page)
    strip = page.get_by_role("img", name=re.compile("^Step "))
    names = strip.evaluate_all(NAMES)
    assert [name[:11] for name in names] == ["Step 3 of 4", "Step 4 of 4"]
    expect(page.get_by_role("button", name=re.compile("Draw again"))).to_be_hidden()
    drawn = page.locator(".picture canvas").evaluate("(canvas) => canvas.toDataURL()")

    got = page.evaluate(AGAIN)
    picture = np.asarray(Image.open(io.BytesIO(own["buffer"])).convert("RGBA"))
    expected = draw_natively(site, Start(picture.ravel().tolist(), 0.5), **RED_CAR)
    assert len(expected) == 2
    assert noise
    assert int(noise[0]) == round(100 * expected[0].noise_share)
    assert got["settings"] == RED_CAR
    for ours, theirs in zip(got["frames"], expected, strict=True):
        np.testing.assert_allclose(ours["latent"], theirs.latent, atol=1e-3)
        assert ours["timestep"] == theirs.timestep
    colours = np.array(got["picture"]).reshape(-1, 4)[:, :3]
    ours = np.asarray(expected[-1].picture).reshape(-1, 4)[:, :3]
    assert np.abs(colours - ours).max() <= 2
    assert page.locator(".picture canvas").evaluate("(canvas) => canvas.toDataURL()") == drawn
    assert "start" not in page.evaluate("location.hash")


def test_a_scribble_is_drawn_with_and_noise_is_noise_again(live_page: Page) -> None:
    page = live_page
    page.evaluate(LISTEN)
    page.evaluate("(settings) => diffuscope.generate({ ...settings, start: null }).then(() => null)", RED_CAR)
    page.locator("[data-setting=start]").click()
    sheet = page.get_by_role("dialog", name="Begin with")
    expect(sheet.get_by_role("radio", name=re.compile("^Noise"))).to_be_checked()
    sheet.get_by_role("radio", name=re.compile("^A picture")).check()
    sheet.get_by_role("button", name="Scribble").click()
    sheet.get_by_role("radio", name="Grass").check()
    sheet.get_by_role("button", name="Fill all").click()
    page.keyboard.press("Escape")
    page.locator("[data-setting=steps]").click()
    page.get_by_role("textbox", name="Steps, as a number").fill("50")
    page.keyboard.press("Escape")
    page.locator("[data-setting=start]").click()
    sheet.get_by_role("slider", name="The step to begin with").fill("50")
    page.keyboard.press("Escape")
    button(page, "Generate").click()
    finish(page)
    frames, colours = page.evaluate(DRAW)
    assert frames == 1
    page.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", RED_CAR)
    expect(value(page, "start")).to_have_text("noise")
    others = page.evaluate(DRAW)
    assert others[0] == 4
    # So little noise leaves much of the grass.
    assert far_from_grass(colours) < far_from_grass(others[1]) / 2


def test_an_address_begins_in_noise(live_page: Page) -> None:
    page = live_page
    page.evaluate("(settings) => diffuscope.generate({ ...settings, steps: 2 }).then(() => null)", RED_CAR)
    page.locator("[data-setting=start]").click()
    page.get_by_role("radio", name=re.compile("^A picture")).check()
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#prompt=a+blue+boat&steps=2'")
    expect(prompt(page)).to_have_value("a blue boat")
    expect(value(page, "start")).to_have_text("noise")
    finish(page)
