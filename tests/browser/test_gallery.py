"""The gallery: what it shows without the engine, what is chosen in it; and that an opened picture is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from export.site.vendor import LIBRARIES
from tests.browser.conftest import BOOT, visiting
from tests.browser.controls import RUN, button, finish, prompt
from tests.browser.staged import ENGINE, show, staged
from tests.browser.test_layout import AXE, LAPTOP, PHONE

SAID = "prompt=a+red+car&seed=7&steps=2&guidance=3&sampler=ddim"
# The gallery is the page's own; its engine never comes.
WAITING = 'import { Gallery } from "../runs/gallery.js";' + ENGINE.replace(
    "this.runs = {};",
    """this.runs = { generate: async () => {}, compare: async (...both) => { globalThis.compared = both; } };
    this.gallery = new Gallery(store);""",
)
# {done, going, status, apart, measured} -> nothing; so many pictures are drawn, or half drawn.
FILL = """({ done, going, ...fields }) => {
  const { frames } = store.state.runs.byId.staged;
  const tiles = store.state.gallery.tiles.map((tile, k) => {
    const { preview: picture } = frames[(3 * k + 9) % frames.length];
    if (k < done) return { ...tile, picture, step: tile.steps, latent: new Float32Array(1) };
    return k < done + going ? { ...tile, picture: frames[0].preview, step: 1 } : tile;
  });
  store.set({ gallery: { tiles, ...fields } });
}"""


@contextmanager
def opened(
    chromium: Browser, address: str, said: str = f"{SAID}&room=gallery", change: Any = None, **context: Any
) -> Iterator[Page]:
    with staged(chromium, f"{address}#{said}", {"engine/engine.js": WAITING}, **context) as page:
        settings = {"prompt": "a red car", "seed": 7, "steps": 10, "guidance": 3, "gains": {}}
        show(page, settings=settings, change=change or {}, engine={"status": "booting"})
        yield page


@pytest.fixture(scope="module")
def room(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A gallery of nine seeds that waits for the engine."""
    with opened(chromium, site_url, viewport=LAPTOP, reduced_motion="reduce") as page:
        yield page


def tiles(page: Page) -> Locator:
    return page.locator(".tile")


def values(page: Page) -> list[Any]:
    return page.evaluate("store.state.gallery.tiles.map(({ value }) => value)")


def vary(page: Page, name: str) -> None:
    page.get_by_role("group", name="What varies").get_by_role("button", name=name, exact=True).click()


def test_an_address_opens_it_and_it_waits_for_the_engine(chromium: Browser, site_url: str) -> None:
    said = f"{SAID}&room=gallery&vary=guidance&values=0,2.5"
    with opened(chromium, site_url, said) as page:
        expect(page.get_by_role("heading", name="One seed, 2 guidances")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Waiting for the engine")).to_be_visible()
        assert page.locator(".tile-name").all_inner_texts() == ["0", "2.5"]
        expect(tiles(page).first).to_be_disabled()
        failed = {"engine": {"status": "failed", "error": {"code": "device-lost", "reason": "card-lost"}}}
        page.evaluate("(failed) => store.set(failed)", failed)
        page.evaluate("store.set({ gallery: { status: 'failed', error: store.state.engine.error } })")
        expect(page.get_by_role("alert").filter(has_text="The graphics card was lost")).to_be_visible()
        expect(button(page, "Start the engine again")).to_be_visible()


def test_what_varies_is_chosen_and_its_values_typed_picked_and_thrown(room: Page) -> None:
    vary(room, "Seed")
    assert values(room) == list(range(7, 16))
    assert "&room=gallery&vary=seed" in room.evaluate("location.hash")
    button(room, "Throw nine new seeds").click()
    thrown = values(room)
    assert len(thrown) == 9
    assert f"values={','.join(map(str, thrown))}" in room.evaluate("location.hash")

    vary(room, "Guidance")
    assert values(room) == [0, 1, 3, 6, 12]
    field = room.get_by_role("textbox", name=re.compile("^Guidance"))
    field.fill("1, 200")
    expect(room.get_by_role("alert").filter(has_text="from 0 to 100, not 200")).to_be_visible()
    expect(button(room, "Draw 1 picture")).to_be_disabled()
    field.fill("1 2.5")
    field.press("Enter")
    assert values(room) == [1, 2.5]
    expect(button(room, "Cancel")).to_be_visible()

    vary(room, "Sampler")
    names = values(room)
    assert {"ddim", "dpm++2m"} <= set(names)
    button(room, "DDIM").click()
    button(room, f"Draw {len(names) - 1} pictures").click()
    assert values(room) == [name for name in names if name != "ddim"]
    assert "dpm%2B%2B2m" in room.evaluate("location.hash")

    vary(room, "Seed")
    prompt(room).fill("a car")
    button(room, "Draw 9 pictures").click()
    assert room.evaluate("store.state.gallery.settings.prompt") == "a car"
    prompt(room).fill("a red car")
    prompt(room).press("Enter")


def test_a_picture_opens_and_goes_to_the_stage(room: Page) -> None:
    vary(room, "Seed")
    room.evaluate(FILL, {"done": 3, "going": 1, "status": "drawing", "apart": 0.51})
    told = room.locator(".told")
    expect(told).to_contain_text("Any two of these 3 pictures are 0.51 apart on the average.")
    expect(tiles(room).nth(3)).to_have_attribute("aria-label", "Seed 10, step 1 of 10")
    expect(tiles(room).nth(3)).to_be_disabled()
    button(room, "Seed 9, drawn").click()
    sheet = room.get_by_role("dialog", name="Seed 9")
    expect(sheet.get_by_role("img", name="Seed 9")).to_be_visible()
    room.evaluate("store.set({ start: { on: true } })")  # the pictures here begin in noise
    button(room, "On the stage").click()
    expect(room.locator(".stage")).to_be_visible()
    said = "[store.state.settings.seed, store.state.start.on, location.hash.includes('seed=9')]"
    assert room.evaluate(said) == [9, False, True]
    assert "vary" not in room.evaluate("location.hash")
    # What is there is not drawn anew, though another of its pictures is on the stage now.
    room.evaluate("globalThis.before = store.state.gallery")
    button(room, "Nine seeds").click()
    expect(tiles(room)).to_have_count(9)
    room.keyboard.press("Escape")
    expect(room.locator(".stage")).to_be_visible()
    button(room, "Nine seeds").click()
    expect(tiles(room)).to_have_count(9)
    assert room.evaluate("store.state.gallery === before")


def test_two_pictures_become_a_and_b_of_a_comparison(room: Page) -> None:
    vary(room, "Guidance")
    room.evaluate(FILL, {"done": 5, "going": 0, "status": "finished", "apart": 0.7})
    button(room, "Guidance 12, drawn").click()
    button(room, "As B").click()
    expect(tiles(room).last.locator(".letters")).to_have_text("B")
    button(room, "Guidance 12, drawn").click()
    expect(button(room, "As B")).to_have_attribute("aria-pressed", "true")
    room.keyboard.press("Escape")
    button(room, "Guidance 1, drawn").click()
    button(room, "As A").click()
    expect(room.locator(".room.compare")).to_be_visible()
    (a, b) = room.evaluate("compared")
    said = [a[name] for name in ("guidance", "prompt", "seed", "start")]
    assert (said, b) == ([1, "a red car", 9, None], {"guidance": 12})
    room.go_back()
    expect(tiles(room)).to_have_count(5)


def test_of_a_distilled_model_no_guidance_varies(chromium: Browser, site_url: str) -> None:
    said = f"{SAID}&room=gallery&vary=guidance"
    with opened(chromium, site_url, said, {"guidance": "none"}) as page:
        expect(tiles(page)).to_have_count(9)
        names = page.get_by_role("group", name="What varies").get_by_role("button").all_inner_texts()
        assert names == ["Seed", "Sampler", "Steps"]


MEASURED = [
    {"prompt": "a red car on the beach at sunset", "vary": "seed", "count": 9, "apart": 0.42},
    {"prompt": "a car", "vary": "seed", "count": 9, "apart": 0.87},
]
SMALL = """() => [...document.querySelectorAll(".room button, .room input")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.className, one.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < 43.9).map(([name]) => name)"""


@pytest.mark.parametrize(
    ("size", "theme"),
    [(LAPTOP, "light"), (PHONE, "dark"), ({"width": 740, "height": 360}, "light")],
    ids=str,
)
def test_it_fits_every_screen(room: Page, size: Any, theme: str) -> None:
    room.set_viewport_size(size)
    room.evaluate("(theme) => store.set({ view: { theme } })", theme)
    for what, fields in (("Seed", {"measured": MEASURED}), ("Sampler", {})):
        vary(room, what)
        room.evaluate(FILL, {"done": 4, "going": 1, "status": "drawing", "apart": 0.51, **fields})
        assert room.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert room.evaluate(SMALL) == []
        if room.evaluate("typeof axe") == "undefined":
            room.evaluate((LIBRARIES / "axe-core/axe.min.js").read_text("utf-8"))
        found = room.evaluate(AXE)
        assert not found, found
    if size == LAPTOP:
        last = tiles(room).last.bounding_box()
        assert last
        assert last["y"] + last["height"] <= size["height"]


PIXELS = "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"


@pytest.fixture(scope="module")
def drawn(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A first visit by the address of a gallery, which is drawn when the engine is there."""
    with visiting(chromium, f"{site_url}#{SAID}&room=gallery&vary=seed&values=7,8") as page:
        expect(page.get_by_role("status").filter(has_text="2 pictures drawn")).to_be_visible(timeout=BOOT)
        yield page


def test_an_opened_picture_is_the_same_one(drawn: Page) -> None:
    expect(tiles(drawn)).to_have_count(2)
    expect(drawn.locator(".told")).to_contain_text(
        re.compile(r"Any two of these 2 pictures are \d\.\d\d apart")
    )
    first, second = (tile.locator("canvas").evaluate(PIXELS) for tile in tiles(drawn).all())
    assert first != second
    tiles(drawn).nth(1).click()
    button(drawn, "On the stage").click()
    finish(drawn)
    expect(drawn.locator("[data-setting=seed] .value")).to_have_text("8")
    assert drawn.locator(".frames li:last-child canvas").evaluate(PIXELS) == second
    drawn.go_back()
    expect(tiles(drawn)).to_have_count(2)
    assert tiles(drawn).nth(1).locator("canvas").evaluate(PIXELS) == second


def test_what_is_drawn_stays_when_it_is_cancelled_and_it_gives_way_to_a_picture(drawn: Page) -> None:
    said = "(settings) => { run = diffuscope.run('gallery', settings).catch(({ name }) => name); }"
    drawn.evaluate("globalThis.run = null")
    drawn.evaluate(said, {"vary": "seed", "values": [7, 8, 9, 10], "steps": 2})
    expect(tiles(drawn).first).to_be_enabled(timeout=RUN)
    button(drawn, "Cancel").click()
    expect(drawn.get_by_role("status").filter(has_text="Cancelled")).to_be_visible()
    kept = tiles(drawn).first.locator("canvas").evaluate(PIXELS)
    assert drawn.evaluate("run") == "AbortError"
    button(drawn, "Draw the rest").click()
    frames = drawn.evaluate("diffuscope.generate({ seed: 1, steps: 2 }).then(({ frames }) => frames.length)")
    assert frames == 2
    expect(drawn.get_by_role("status").filter(has_text="4 pictures drawn")).to_be_visible(timeout=RUN)
    assert tiles(drawn).first.locator("canvas").evaluate(PIXELS) == kept
