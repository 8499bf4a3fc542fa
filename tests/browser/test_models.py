"""Models: which there are, whether they run here, choosing and removing them, and folders from the visitor's disk."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from export.exporter import export_pipeline
from export.recipe import Recipe
from export.site.serving import server
from tests.browser.conftest import BOOT, wait_ready
from tests.browser.native import draw_natively
from tests.browser.shelf import PADDING, stock

LOADED = "diffuscope.ready.then(({ model }) => model.name)"


@pytest.fixture(scope="module")
def shelf(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A site with three models, as a folder and as an address; its pages need not be reloaded for isolation."""
    folder = stock(site, tmp_path_factory.mktemp("shelf") / "app")
    with server(folder, 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_address[1]}/"
        running.shutdown()


@pytest.fixture
def visit(chromium: Browser, shelf: tuple[Path, str]) -> Iterator[Page]:
    """A page that has not gone anywhere yet, on a device that keeps nothing; any error on it fails the test."""
    context = chromium.new_context(base_url=shelf[1])
    context.set_default_timeout(BOOT)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def open_list(page: Page) -> Locator:
    """The list of models; opens it where it is closed."""
    models = page.get_by_role("dialog", name="Models")
    if not models.is_visible():
        page.locator("button.engine").click()
    return models


def row(page: Page, title: str) -> Locator:
    return open_list(page).get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))


def test_the_list_says_what_each_model_is(visit: Page) -> None:
    visit.goto("/")
    expect(row(visit, "Miniature")).to_contain_text("16 million weights, 128 × 128, int8, 16 MB")
    expect(row(visit, "Miniature")).to_contain_text("Licence: MIT.")
    titles = open_list(visit).locator(".model h3").all_inner_texts()
    assert titles == ["Miniature", "Large", "Second"]  # the page's own first
    large = row(visit, "Large")
    expect(large).to_contain_text("1.07 billion weights")
    expect(large.get_by_role("button", name="Download 126 MB: Large")).to_be_visible()
    second = row(visit, "Second")
    expect(second).to_contain_text("Licence: CC-BY-NC-4.0. Non-commercial use only.")
    expect(second.get_by_role("button", name="Use: Second")).to_be_visible()
    expect(open_list(visit)).to_contain_text("free for this page")
    wait_ready(visit)
    expect(row(visit, "Miniature")).to_contain_text("in use", timeout=BOOT)


@pytest.mark.long
def test_choosing_a_model_keeps_the_prompt_and_the_seed_and_takes_the_models_own_settings(
    visit: Page,
) -> None:
    visit.goto("/")
    wait_ready(visit)
    visit.get_by_role("textbox", name="Prompt", exact=True).fill("a blue boat")
    visit.get_by_role("button", name="Throw a new seed").click()
    seed = visit.locator("[data-setting=seed] .value").inner_text()
    row(visit, "Second").get_by_role("button", name="Use: Second").click()
    expect(visit.get_by_role("dialog", name="Models")).to_be_hidden()
    assert visit.evaluate(LOADED) == "second"
    assert "?model=second#prompt=a+blue+boat" in visit.url
    expect(visit.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a blue boat")
    for setting, value in {"seed": seed, "steps": "3", "guidance": "4.0", "sampler": "Euler"}.items():
        expect(visit.locator(f"[data-setting={setting}] .value")).to_have_text(value)
    expect(row(visit, "Second")).to_contain_text("LoRA ink-wash.safetensors × 0.8, <cat-toy> (2 tokens)")
    visit.keyboard.press("Escape")
    visit.get_by_role("button", name="Generate").click()
    expect(visit.get_by_role("img", name="a blue boat", exact=True)).to_be_visible(timeout=BOOT)
    # One worker a model: what the first one held is given back.
    assert sum("blob:" in worker.url for worker in visit.workers) <= 2
    visit.go_back()
    visit.wait_for_function(f"{LOADED}.then((name) => name === 'miniature')")
    expect(visit.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a blue boat")


@pytest.mark.long
def test_a_large_model_is_fetched_only_when_the_visitor_says_so_and_can_be_removed(visit: Page) -> None:
    fetched: list[str] = []
    visit.on("request", lambda request: fetched.append(request.url))
    visit.goto("/?model=large")
    notes = visit.locator("#prompt-notes")
    expect(notes).to_contain_text("Large is not on this device.", timeout=BOOT)
    expect(visit.locator("#engine")).to_contain_text("not on this device")
    assert not [url for url in fetched if "/large/" in url and not url.endswith("manifest.json")]
    visit.get_by_role("button", name="Generate").click()
    expect(visit.get_by_role("button", name="Cancel")).to_be_visible()
    notes.get_by_role("button", name="Download 126 MB").click()
    expect(visit.get_by_role("button", name="Save")).to_be_visible(timeout=BOOT)  # what waited was drawn
    assert visit.evaluate(LOADED) == "large"
    visit.reload()
    assert visit.evaluate(LOADED) == "large"  # nobody is asked about what is here
    remove = re.compile("^Remove 126 MB from this device: Large")
    expect(row(visit, "Large").get_by_role("button", name=remove)).to_have_count(0)  # not while it is in use
    row(visit, "Miniature").get_by_role("button", name="Use: Miniature").click()
    assert visit.evaluate(LOADED) == "miniature"
    row(visit, "Large").get_by_role("button", name=remove).click()
    expect(row(visit, "Large").get_by_role("button", name="Download 126 MB: Large")).to_be_visible(
        timeout=BOOT
    )
    left = visit.evaluate(
        """async () => {
          const models = await (await navigator.storage.getDirectory()).getDirectoryHandle("models");
          return Array.fromAsync(models.keys());
        }"""
    )
    assert left == ["miniature"]


GRAPHICS = """Object.defineProperty(Navigator.prototype, "gpu", { get: () => ({ requestAdapter: async () => ({
  info: { description: "Card" }, features: new Set(["shader-f16"]),
  limits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 } }) }) });"""


@pytest.mark.parametrize(
    ("device", "sentence", "runs"),
    [
        (
            "navigator.storage.estimate = async () => ({ quota: 60e6, usage: 10e6 });",
            "It still needs 126 MB on this device, and the browser has 50 MB for this page",
            False,
        ),
        (
            "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 2 });",
            "It takes about 2.7 GB of memory, and this device has 2.0 GB.",
            False,
        ),
        (
            GRAPHICS + "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 4 });",
            "a piece of 1.1 GB, and this graphics card takes pieces of 134 MB at most, so the processor computes",
            True,
        ),
        ("", "This browser has no WebGPU, so the processor computes with", True),
    ],
    ids=["little room", "little memory", "a small graphics card", "no graphics card"],
)
def test_a_sentence_says_what_stands_against_a_model_here(
    visit: Page, device: str, sentence: str, runs: bool
) -> None:
    visit.add_init_script(device)
    visit.goto("/")
    large = row(visit, "Large")
    expect(large).to_contain_text(sentence, timeout=BOOT)
    expect(large.get_by_role("button")).to_be_enabled(enabled=runs)
    expect(row(visit, "Miniature").locator(".sentence")).to_have_count(0)


def test_a_folder_from_the_disk_is_a_model_and_nothing_of_it_is_kept(
    visit: Page, shelf: tuple[Path, str]
) -> None:
    visit.add_init_script("delete globalThis.showDirectoryPicker")
    visit.goto("/")
    open_list(visit)
    with visit.expect_file_chooser() as chooser:
        visit.get_by_role("button", name="Open a folder").click()
    chooser.value.set_files(shelf[0] / "models/second")
    assert visit.evaluate(LOADED.replace("model.name", "model.title")) == "Second"
    expect(row(visit, "Second (from your disk)")).to_contain_text("in use", timeout=BOOT)
    visit.keyboard.press("Escape")
    expect(visit.locator("#engine")).to_contain_text("Second")
    settings = {"prompt": "a red car", "seed": 3, "steps": 2, "guidance": 2, "sampler": "ddim"}
    drawn = visit.evaluate(
        "(settings) => diffuscope.generate(settings).then(({ picture }) => [...picture.data])", settings
    )
    expected = draw_natively(shelf[0], **settings)[-1].picture
    assert np.abs(np.array(drawn) - np.asarray(expected).round()).max() <= 2
    kept = visit.evaluate(
        """async () => {
          const root = await navigator.storage.getDirectory();
          const models = await root.getDirectoryHandle("models", { create: true });
          return Array.fromAsync(models.keys());
        }"""
    )
    assert not [name for name in kept if "second" in name]


@pytest.mark.long
def test_a_folder_can_be_dropped_on_the_page(visit: Page, shelf: tuple[Path, str]) -> None:
    visit.goto("/")
    wait_ready(visit)
    data = {"items": [], "files": [str(shelf[0] / "models/second")], "dragOperationsMask": 1}
    devtools = visit.context.new_cdp_session(visit)
    for kind in ("dragEnter", "dragOver"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
    expect(visit.get_by_text("Drop a picture to begin with, or a model's folder")).to_be_visible()
    devtools.send("Input.dispatchDragEvent", {"type": "drop", "x": 300, "y": 300, "data": data})
    expect(visit.locator("#engine")).to_contain_text("Second")
    visit.wait_for_function(f"{LOADED}.then((name) => name === 'second')")


@pytest.mark.long
def test_a_folder_that_is_no_model_is_said_and_the_page_goes_on(
    visit: Page, site: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(site / "models/miniature", tmp_path / "model")
    visit.add_init_script("delete globalThis.showDirectoryPicker")
    visit.goto("/")
    alert = open_list(visit).get_by_role("alert")
    for path, content, sentence in [
        ("merges.txt", "x", "merges.txt has 1 bytes and should have"),
        ("merges.txt", None, "The folder lacks merges.txt"),
        ("manifest.json", "{}", "is not one of Diffuscope's"),
        ("manifest.json", None, "This folder has no manifest.json"),
    ]:
        (folder / path).unlink()
        if content is not None:
            (folder / path).write_text(content)
        with visit.expect_file_chooser() as chooser:
            open_list(visit).get_by_role("button", name="Open a folder").click()
        chooser.value.set_files(folder)
        expect(alert).to_contain_text(sentence, timeout=BOOT)
    assert wait_ready(visit)["backend"] == "wasm"


@pytest.mark.long
def test_steps_can_be_estimated_and_the_page_says_so(visit: Page, shelf: tuple[Path, str]) -> None:
    visit.goto("/?model=second#preview=vivid&lens=foreseen")
    assert visit.evaluate(LOADED) == "second"
    expect(visit.locator("#prompt-notes")).to_contain_text("vivid")  # and the model's own preview stays
    visit.get_by_role("button", name=re.compile("^Preview")).click()
    expect(visit.get_by_role("radio", name=re.compile("^small"))).to_have_count(0)  # it has no small decoder
    every = visit.get_by_role("slider", name="One picture in full for so many steps")
    visit.get_by_role("radio", name=re.compile("^in full")).check()
    expect(every).to_be_visible()
    visit.get_by_role("radio", name=re.compile("^colours")).check()
    expect(every).to_be_hidden()
    visit.keyboard.press("Escape")
    visit.get_by_role("button", name="Generate").click()
    expect(visit.get_by_role("button", name="Save")).to_be_visible(timeout=BOOT)
    assert "preview=linear" in visit.url
    caption = visit.locator(".caption-text")
    expect(caption).not_to_contain_text("estimated colours")  # the last picture is decoded
    visit.evaluate("() => void diffuscope.generate({}, () => diffuscope.pause()).catch(() => {})")
    error = json.loads((shelf[0] / "models/second/manifest.json").read_text())["errors"]["latent_rgb"]
    expect(caption).to_contain_text(f"estimated colours, off by {error:.0%}".replace("%", "\u202f%"))
    visit.evaluate("() => diffuscope.cancel()")


@pytest.mark.long
def test_the_decoder_may_draw_every_other_step(visit: Page, shelf: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/miniature").symlink_to(shelf[0] / "models/second")
    visit.goto("/?model=second")
    wishes = {"prompt": "a red car", "seed": 3, "steps": 4, "preview": "full", "every": 2}
    frames = visit.evaluate(
        """(settings) => diffuscope.ready.then(() => diffuscope.generate(settings)).then(({ frames }) =>
          frames.map(({ drawnBy, preview }) => [drawnBy, [...preview.data]]))""",
        wishes,
    )
    manifest = json.loads((shelf[0] / "models/second/manifest.json").read_text())
    settings = {name: manifest["defaults"][name] for name in ("guidance", "sampler")} | wishes
    expected = draw_natively(tmp_path, **settings)
    assert [by for by, _ in frames] == [frame.drawn_by for frame in expected]
    assert {by for by, _ in frames} == {"vae_decoder", "latent_rgb"}
    assert frames[-1][0] == "vae_decoder"
    for (_, ours), theirs in zip(frames, expected, strict=True):
        assert np.abs(np.array(ours) - np.asarray(theirs.picture).round()).max() <= 2


def test_half_floats_are_numpys_with_and_without_the_browsers_own(visit: Page) -> None:
    visit.goto("/")
    generator = np.random.default_rng(0)
    values = np.concatenate(
        [
            generator.uniform(-1, 1, 5000) * 10.0 ** generator.uniform(-9, 5, 5000),
            np.arange(0x7C00, dtype=np.uint16).view(np.float16)[::7],
            [65504, 65519.9, 65520, 2.0**-24, 2.0**-25, 0.0],
        ]
    ).astype(np.float32)
    got = visit.evaluate(
        """async (values) => {
          const half = await import(new URL("runs/half.js", document.baseURI));
          const array = Float32Array.from(values);
          const large = new Float32Array(1 << 17).fill(0.1);
          const frame = half.compact({ 64: large, 8: array });
          return {
            bits: [...array].map(half.narrow),
            own: [...half.fromHalf(half.toHalf(array))].map(String),
            widened: [...array].map(half.narrow).map(half.widen).map(String),
            kinds: Object.values(frame).map((one) => one.constructor.name),
            same: frame[8] === array,
            tenth: frame[64][0],
          };
        }""",
        values.tolist(),
    )
    with np.errstate(over="ignore"):
        expected = values.astype(np.float16)
    np.testing.assert_array_equal(np.array(got["bits"], np.uint16).view(np.float16), expected)
    for form in ("own", "widened"):
        decoded = np.array([float(text.replace("Infinity", "inf")) for text in got[form]])
        np.testing.assert_array_equal(decoded, expected.astype(np.float64))
    assert got["kinds"] == ["Float32Array", "Float32Array"]
    assert got["same"]
    assert got["tenth"] == float(np.float16(0.1))


@pytest.mark.long
def test_what_the_list_of_models_promises_is_what_is_fetched(visit: Page, shelf: tuple[Path, str]) -> None:
    """The page says 126 MB before it has seen the manifest; the worker's own sum must be the same."""
    entries = json.loads((shelf[0] / "models.json").read_text())["models"]
    large = next(entry for entry in entries if entry["name"] == "large")
    assert large["bytes"] > PADDING
    visit.goto("/?model=second")
    assert visit.evaluate(LOADED) == "second"
    second = next(entry for entry in entries if entry["name"] == "second")
    kept = visit.evaluate(
        """async () => {
          const models = await (await navigator.storage.getDirectory()).getDirectoryHandle("models");
          const folder = await models.getDirectoryHandle("second");
          return Array.fromAsync(folder.keys());
        }"""
    )
    assert set(kept) - {"manifest.json", "backend.json"} == set(second["files"])


@pytest.mark.parametrize(
    ("checkpoint", "told", "slider"),
    [
        pytest.param("lcm", "How far to push is told to the UNet as a number", True, marks=pytest.mark.long),
        pytest.param("sd-turbo", "There is no strength to set", False, marks=pytest.mark.long),
    ],
)
def test_a_model_that_is_asked_once_says_so_and_draws_what_the_command_line_draws(
    visit: Page,
    tiny_checkpoint: Callable[[str], Path],
    tmp_path: Path,
    checkpoint: str,
    told: str,
    slider: bool,
) -> None:
    folder = tmp_path / "models/miniature"  # where draw_natively looks
    with ThreadPoolExecutor(1) as elsewhere:  # this thread's event loop is Playwright's
        elsewhere.submit(
            export_pipeline, tiny_checkpoint(checkpoint), folder, Recipe("fp32", verify_steps=1)
        ).result()
    visit.add_init_script("delete globalThis.showDirectoryPicker")
    visit.goto("/")
    open_list(visit)
    with visit.expect_file_chooser() as chooser:
        visit.get_by_role("button", name="Open a folder").click()
    chooser.value.set_files(folder)
    visit.wait_for_function(f"{LOADED}.then((name) => name === '{checkpoint}')")
    expect(row(visit, "(from your disk)")).to_contain_text("in use", timeout=BOOT)
    visit.keyboard.press("Escape")
    visit.get_by_role("textbox", name="Prompt", exact=True).fill("a red car")
    visit.get_by_role("button", name="Generate").click()
    expect(visit.get_by_role("button", name="Save")).to_be_visible(timeout=BOOT)
    expect(visit.locator("[data-setting=guidance]")).to_be_visible(visible=slider)
    expect(visit.locator(".loop")).to_contain_text("It is asked once, with your words.")
    visit.locator(".stage button[data-part='4']").click()
    sheet = visit.get_by_role("region", name="Guidance", exact=True)
    expect(sheet).to_contain_text("This model learned from another one")
    expect(sheet).to_contain_text(told)
    expect(sheet.get_by_role("img", name="what the words add")).to_have_count(0)
    settings = visit.evaluate(
        "diffuscope.ready.then(({ model }) => ({ ...model.defaults, prompt: 'a red car', steps: 2 }))"
    )
    drawn = visit.evaluate(
        "(settings) => diffuscope.generate(settings).then(({ frames }) => frames.map(({ latent }) => [...latent]))",
        settings,
    )
    for ours, theirs in zip(drawn, draw_natively(tmp_path, **settings), strict=True):
        np.testing.assert_allclose(ours, theirs.latent, atol=1e-3)
