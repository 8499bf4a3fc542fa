"""Rooms beside the stage: how they are entered and left, what the address says of it, and what a bad one does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page, expect

from tests.browser.staged import show, staged

ROOM = """export function mount(element, { store, send }, signal) {
  const leave = (name, room) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.addEventListener("click", () => send.enter(room));
    return button;
  };
  element.append(`${element.className} of seed ${store.state.settings.seed}`,
    leave("To the stage", "stage"), leave("To the other", "other"));
  addEventListener("resize", () => {}, { signal });
}"""
FILES = {
    "rooms/rooms.js": """export const ROOMS = [
      { name: "lab/one", style: ["rooms/one.css"], load: () => import("./one.js") },
      { name: "other", load: () => import("./one.js") },
      { name: "absent", load: () => import("./absent.js") },
      { name: "faulty", load: () => import("./faulty.js") },
    ];""",
    "rooms/one.js": ROOM,
    "rooms/one.css": "@layer views { .lab-one { color: rgb(1 2 3) } }",
    "rooms/faulty.js": "export function mount(element) { element.append('half'); throw new Error('broken'); }",
}
ROUNDING = 0.3  # of 255: a browser does not draw the edges of lines twice alike; without the winding it is 5
RUN = "prompt=a+red+car&seed=7"


@contextmanager
def house(chromium: Browser, address: str, said: str = "") -> Iterator[Page]:
    """A page with rooms, whose engine would fail if it were asked for a picture; a finished run is on show."""
    with staged(chromium, f"{address}#{said}", FILES, reduced_motion="reduce") as page:
        show(page, settings={"seed": 7})
        yield page


@pytest.fixture
def page(chromium: Browser, site_url: str) -> Iterator[Page]:
    with house(chromium, site_url, RUN) as page:
        yield page


def go(page: Page, said: str) -> None:
    page.evaluate("(said) => { location.hash = said }", said)


def apart(one: bytes, other: bytes) -> float:
    """How far two pictures are apart on the average, 0 to 255."""
    pictures = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*pictures)).mean)


def state(page: Page) -> Any:
    return page.evaluate("[store.state.view.room, location.hash, store.listeners.size]")


def test_a_room_stands_in_the_stages_place_and_leads_back_to_it(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.evaluate("store.set({ view: { word: 2, part: 4 } })")
    page.wait_for_timeout(300)
    before = page.screenshot()
    stage = state(page)

    go(page, f"{RUN}&room=lab/one")
    room = page.locator(".room")
    expect(room).to_contain_text("room lab-one of seed 7")
    expect(room).to_be_focused()
    expect(room).to_have_css("color", "rgb(1, 2, 3)")
    assert {"one.js", "one.css"} <= set(asked)
    assert page.locator("main > *").count() == 1
    expect(page.get_by_role("heading", name="Diffuscope")).to_be_visible()
    page.keyboard.press("1")  # a key of the stage
    assert page.evaluate("store.state.view.part") == 4

    page.go_back()
    expect(room).to_have_count(0)
    expect(page.locator(".stage")).to_be_visible()
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_timeout(300)
    assert apart(before, page.screenshot()) <= ROUNDING
    assert state(page) == stage


def test_what_is_entered_is_remembered_step_by_step(page: Page) -> None:
    go(page, f"{RUN}&room=lab/one")
    page.get_by_role("button", name="To the other").click()
    expect(page.locator(".room.other")).to_be_visible()
    assert state(page)[1] == f"#{RUN}&room=other"
    page.get_by_role("button", name="To the stage").click()
    expect(page.locator(".stage")).to_be_visible()
    assert state(page)[:2] == ["stage", f"#{RUN}"]
    page.go_back()
    expect(page.locator(".room.other")).to_be_visible()
    page.go_back()
    expect(page.locator(".room.lab-one")).to_be_visible()
    page.go_forward()
    expect(page.locator(".room.other")).to_be_visible()
    assert page.locator(".room").count() == 1


def test_an_address_leads_into_a_room(chromium: Browser, site_url: str) -> None:
    with house(chromium, site_url, "room=lab/one") as page:
        expect(page.locator(".room")).to_be_visible()
        expect(page.locator(".stage")).to_have_count(0)
        page.get_by_role("button", name="To the stage").click()
        expect(page.get_by_role("textbox", name="Prompt")).to_be_visible()
        assert state(page)[:2] == ["stage", ""]


@pytest.mark.parametrize(
    ("room", "sentence"),
    [
        ("nowhere", "There is no room named “nowhere”, so this is the stage."),
        ("absent", "The room “absent” could not be opened"),
        ("faulty", "The room “faulty” could not be opened"),
    ],
)
@pytest.mark.parametrize("at_first", [True, False])
def test_a_room_that_cannot_be_entered_is_said_and_the_stage_is_there(
    chromium: Browser, site_url: str, room: str, sentence: str, at_first: bool
) -> None:
    with house(chromium, site_url, f"room={room}" if at_first else "") as page:
        if not at_first:
            go(page, f"room={room}")
        expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
        expect(page.locator(".room")).to_have_count(0)
        assert state(page)[:2] == ["stage", ""]
        page.get_by_role("group", name="Words").get_by_role("button", name="car").click()
        assert page.evaluate("store.state.view.word") == 2
        page.evaluate("globalThis.visit = () => {}")
        go(page, "seed=3" if at_first else "room=other")
        expect(page.locator(".room")).to_have_count(0 if at_first else 1)
        expect(page.get_by_text(sentence)).to_have_count(0)
