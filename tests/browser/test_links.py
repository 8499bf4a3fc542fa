"""Links: what an address brings back, what it may not ask for, and what plays until its picture is drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import BOOT, wait_ready
from tests.browser.controls import PICTURE, RUN, STEPS_OUT, button, finish, prompt


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
    "spacing": "late",
    "slots": {"beach": "cut"},
}


def test_the_address_brings_every_setting_and_the_same_bytes_to_another_visitor(
    live_page: Page, visit: Callable[[str], Page]
) -> None:
    draw = "(settings) => diffuscope.generate(settings).then(({ picture }) => [...picture.data])"
    drawn = live_page.evaluate(draw, EVERYTHING)
    assert drawn != live_page.evaluate(draw, EVERYTHING | {"gains": {}})
    live_page.evaluate(draw, EVERYTHING)
    button(live_page, "Generate").click()
    finish(live_page)
    address = live_page.url.partition("#")[2]
    assert "gains=red:0.5,car:0" in address

    page = visit(f"#{address}")
    # It is drawn by itself, and by nothing but the address.
    expect(page.get_by_role("img", name="a red car on the beach", exact=True)).to_be_visible(timeout=RUN)
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
    expect(page.locator("#strip").get_by_text("Your picture begins by itself")).to_be_visible()
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
        pytest.param("#steps=100000", STEPS_OUT.format(100000), marks=pytest.mark.long),
        ("#prompt=a+cat&steps=1000000000", STEPS_OUT.format(1000000000)),
        pytest.param("#prompt=a+cat&sampler=heun", "There is no sampler 'heun'", marks=pytest.mark.long),
    ],
)
def test_a_link_that_asks_for_too_much_is_answered_with_a_sentence(
    visit: Callable[[str], Page], address: str, sentence: str
) -> None:
    page = visit(address)
    wait_ready(page)
    expect(page.locator("#prompt-notes")).to_contain_text(sentence)
    expect(page.locator(".transport-title")).to_have_text("Nothing was drawn")
    assert page.locator(".frame").count() <= 50
    assert page.evaluate("diffuscope.generate({ steps: 1 }).then(({ frames }) => frames.length)") == 1


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("#%E0%A4%A", marks=pytest.mark.long),
        pytest.param("#colour=red&prompt=a+cat&steps=1", marks=pytest.mark.long),
        pytest.param("#prompt=" + "car+" * 1_000_000, marks=pytest.mark.long),
    ],
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


@pytest.mark.long
def test_a_model_with_impossible_defaults_is_refused_before_the_page_uses_them(
    chromium: Browser, altered_site: Callable[[str, bytes | None], str], site: Path
) -> None:
    manifest = json.loads((site / "models/miniature/manifest.json").read_text("utf-8"))
    manifest["defaults"]["steps"] = 10**9
    page = chromium.new_page()
    page.goto(altered_site("models/miniature/manifest.json", json.dumps(manifest).encode()))
    expect(page.locator("#prompt-notes")).to_contain_text(STEPS_OUT.format(10**9), timeout=BOOT)
    page.close()


# An engine that is for ever on its way, and one recording that loads only when it is let go.
HELD = """
  window.Worker = class extends EventTarget { postMessage() {} terminate() {} };
  const real = window.fetch;
  window.fetch = async (address, ...more) => {
    if (String(address).includes("two-yellow-balloons")) await new Promise((done) => { window.letGo = done; });
    return real(address, ...more);
  };
"""


def test_of_two_recordings_the_last_one_chosen_plays_even_while_a_picture_waits(
    chromium: Browser, site_url: str
) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    context.add_init_script(HELD)
    page = context.new_page()
    page.goto(site_url)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope", timeout=BOOT)
    offers = page.locator(".offers")
    slow = offers.get_by_role("button", name="two yellow balloons on the sea at night")
    house = offers.get_by_role("button", name="a small blue house in the snow by day")
    expect(slow).to_be_visible(timeout=BOOT)
    slow.click()
    house.click()
    tag = page.locator(".picture .tag")
    expect(tag).to_contain_text("a small blue house", timeout=BOOT)
    page.evaluate("letGo()")
    page.wait_for_timeout(1500)
    expect(tag).to_contain_text("a small blue house")
    button(page, "Generate").click()
    expect(page.locator("#strip").get_by_text("Waiting for the engine")).to_be_visible()
    house.click()
    expect(tag).to_contain_text("a small blue house")
    expect(button(page, "Cancel")).to_be_visible()
    button(page, "Cancel").click()
    expect(button(page, "Generate")).to_be_visible()
    context.close()
