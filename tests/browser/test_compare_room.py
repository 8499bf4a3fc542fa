"""The room where two pictures are compared: on recorded runs, without the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from export.site.vendor import LIBRARIES
from tests.browser.controls import button
from tests.browser.paired import pair
from tests.browser.staged import ENGINE, show, staged

# An engine that notes what it is asked for.
NOTING = ENGINE.replace(
    "this.runs = {};",
    "globalThis.asked = []; this.runs = { cancel() {}, measure: async () => {},"
    " compare: async (...wishes) => { globalThis.asked.push(wishes); } };",
)
AXE = """async () => {
  const runOnly = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, { runOnly });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}"""
# Of a radio button the label round it is the target.
SMALL = """[...document.querySelectorAll(".compare :is(button, select, label, input:not([type=radio]))")]
  .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
  .filter(({ width, height }) => width < 44 || height < 44).length"""


@pytest.fixture(scope="module")
def stage(chromium: Browser, site_url: str) -> Iterator[Page]:
    files = {"engine/engine.js": NOTING}
    with staged(chromium, site_url, files, reduced_motion="reduce") as page:
        yield page


@pytest.fixture
def room(stage: Page) -> Page:
    """The room with a pair in it."""
    stage.set_viewport_size({"width": 1366, "height": 768})
    pair(stage)
    expect(stage.locator(".room.compare")).to_be_visible()
    stage.evaluate("asked.length = 0")
    return stage


def drawn(page: Page) -> list[str]:
    """What both frames and the pair under the scrubber say."""
    frames = page.locator(".frame-of").get_by_role("img").all()
    return [str(frame.get_attribute("aria-label")) for frame in frames]


def test_both_are_named_and_what_differs_is_marked(room: Page) -> None:
    assert drawn(room) == [
        "a red car on the beach at sunset, A",
        "two yellow balloons on the sea at night, B",
    ]
    marks = [room.locator(f".prompt-of.{letter} mark").all_inner_texts() for letter in "ab"]
    assert marks[0] == ["a red car", "beach", "sunset"]
    assert room.locator(".prompt-of.b .mirror mark").all_text_contents() == [
        "two yellow balloons",
        "sea",
        "night",
    ]
    assert "Seed 7" in room.locator("figure.a figcaption").inner_text()
    assert "Seed 3" in room.locator("figure.b figcaption").inner_text()


def test_one_control_moves_both(room: Page) -> None:
    scrub = room.get_by_role("slider", name="Step of both")
    scrub.fill("4")
    assert drawn(room) == ["Step 4 of 10, A", "Step 4 of 10, B"]
    scrub.press("ArrowRight")
    assert drawn(room) == ["Step 5 of 10, A", "Step 5 of 10, B"]
    button(room, "Show both at step 2").click()
    assert drawn(room) == ["Step 2 of 10, A", "Step 2 of 10, B"]
    room.evaluate("document.activeElement.blur()")
    room.keyboard.press("End")
    room.keyboard.press("ArrowLeft")
    assert drawn(room) == ["Step 9 of 10, A", "Step 9 of 10, B"]
    assert room.locator(".pair[aria-current]").count() == 1


def test_steps_pair_as_the_comparison_says(room: Page) -> None:
    room.evaluate(
        """() => {
          const { runs } = store.state;
          const [compared] = runs.compared;
          const pairs = compared.pairs.map((pair) => ({ ...pair, b: Math.ceil(pair.a / 2) }));
          store.set({ runs: { compared: [{ ...compared, pairs }] }, view: { step: 7 } });
        }"""
    )
    expect(room.locator("figure.b").get_by_role("img")).to_have_attribute("aria-label", "Step 4 of 10, B")
    assert drawn(room)[0] == "Step 7 of 10, A"


@pytest.mark.parametrize(
    ("kind", "value", "wishes"),
    [
        ("the words", "a blue boat", {"prompt": "a blue boat"}),
        ("Seed", "12", {"seed": 12}),
        ("Guidance", "2.5", {"guidance": 2.5}),
        ("Steps", "4", {"steps": 4}),
        ("Avoid (negative prompt)", "red", {"negative": "red"}),
        ("Sampler", "euler", {"sampler": "euler"}),
    ],
)
def test_one_thing_is_changed_at_a_time(room: Page, kind: str, value: str, wishes: dict) -> None:
    room.get_by_role("combobox", name="Change").select_option(kind)
    name = "Prompt" if kind == "the words" else kind
    control = room.get_by_label(f"{name} of B", exact=True)
    if kind == "Sampler":
        control.select_option(value)
        button(room, "Generate").click()
    else:
        control.fill(value)
        control.press("Enter")
    assert room.evaluate("asked") == [[{}, wishes]]


def test_a_word_is_left_out_and_taken_back(room: Page) -> None:
    room.get_by_role("combobox", name="Change").select_option("a word left out")
    words = room.get_by_role("group", name="Words of B")
    for name in ("red", "beach", "red"):
        words.get_by_role("button", name=name, exact=True).click()
    expect(words.get_by_role("button", name="beach", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(words.get_by_role("button", name="red", exact=True)).to_be_focused()
    button(room, "Generate").click()
    assert room.evaluate("asked") == [[{}, {"prompt": "a red car on the at sunset"}]]


def test_what_cannot_be_drawn_is_said_at_once_and_not_asked_for(room: Page) -> None:
    room.get_by_role("combobox", name="Change").select_option("Steps")
    field = room.get_by_label("Steps of B", exact=True)
    field.fill("0")
    expect(room.get_by_role("alert")).to_contain_text("must be a whole number from 1 to 1000, not 0")
    button(room, "Generate").click()
    assert room.evaluate("asked") == []


def test_a_second_that_failed_says_why_in_its_place(room: Page) -> None:
    error = {"code": "settings", "reason": "gain-word", "values": {"word": "'giraffe'"}}
    pair(room, ofB={"frames": [], "picture": None, "status": "failed", "error": error})
    said = room.locator("figure.b").get_by_role("alert")
    expect(said).to_contain_text("giraffe")
    assert drawn(room)[0] == "a red car on the beach at sunset, A"


def test_the_curve_says_where_they_part_and_is_a_table_too(room: Page) -> None:
    expect(room.locator(".between .lead")).to_contain_text("They part at step 3:")
    chart = room.get_by_role("region", name="How far apart").first
    pairs = room.evaluate("store.state.runs.compared[0].pairs")
    expect(chart.locator(".mark-line")).to_have_count(1)
    chart.get_by_role("button", name="As a table").click()
    rows = [row.locator("th, td").all_inner_texts() for row in chart.locator("tbody tr").all()]
    assert rows == [
        [str(each["a"]), str(each["b"]), f"{each['distance']:.3f}", f"{each['foreseen']:.3f}"]
        for each in pairs
    ]
    chart.get_by_role("button", name="As a table").click()
    known = "(change) => store.set({ runs: { compared: [{ ...store.state.runs.compared[0], ...change }] } })"
    same = [{**each, "distance": 0, "foreseen": 0} for each in pairs]
    room.evaluate(known, {"pairs": same, "parting": None})
    expect(room.locator(".between .lead")).to_contain_text("They never part:")
    room.evaluate(known, {"pairs": None, "parting": None})
    expect(room.locator(".between .lead")).to_contain_text("cannot be compared this way")
    expect(chart).to_be_hidden()


WAYS = """(points) => {
  const byId = { ...store.state.runs.byId };
  for (const [id, ways] of Object.entries(points)) {
    const base = byId[id] ?? { ...byId["pair-a"], id, frames: byId["pair-a"].frames };
    byId[id] = { ...base, frames: base.frames.map((frame, k) => ({ ...frame, way: ways.slice(k, k + 2) })) };
  }
  store.set({ runs: { byId } });
}"""


def test_the_map_has_both_ways_and_the_earlier_ones_and_leads_to_a_step(room: Page) -> None:
    points = {
        "pair-a": [[2 * k, -k] for k in range(11)],
        "pair-b": [[-2 * k, -k] for k in range(11)],
        "earlier": [[0, k / 2] for k in range(11)],
    }
    room.evaluate(WAYS, points)
    plane = room.locator(".map")
    expect(plane.locator(".map-way")).to_have_count(3)
    expect(plane.locator(".map-way.faint")).to_have_count(1)
    name = plane.get_by_role("img").get_attribute("aria-label")
    assert name == "The ways of A (10 steps) and B (10 steps) over the map of latents, with 1 earlier run"
    # The fourth step of A, and of B the sixth.
    for letter, nth, step in (("a", 4, 4), ("b", 6, 6)):
        plane.locator(f".map-point.{letter}").nth(nth).click(force=True)
        assert room.evaluate("store.state.view.step") == step
        assert drawn(room) == [f"Step {step} of 10, A", f"Step {step} of 10, B"]
        room.evaluate("store.set({ view: { step: 10 } })")
    # On one scale: as far across as up is as far.
    spots = [plane.locator(f".map-point.{letter}").nth(5).bounding_box() for letter in "ab"]
    begin = plane.locator(".map-point.a").first.bounding_box()
    assert all(spots)
    assert begin
    across = spots[0]["x"] - spots[1]["x"]
    down = spots[0]["y"] + spots[0]["height"] / 2 - (begin["y"] + begin["height"] / 2)
    assert across / down == pytest.approx(4, rel=0.03)
    chart = room.get_by_role("region", name="The way from noise to picture").first
    chart.get_by_role("button", name="As a table").click()
    assert chart.locator("tbody tr").nth(3).locator("th, td").all_inner_texts() == [
        "3",
        "6.00 / −3.00",
        "−6.00 / −3.00",
    ]
    chart.get_by_role("button", name="As a table").click()


def test_the_map_is_enlarged_and_moved_by_buttons_and_keys(room: Page) -> None:
    room.evaluate(
        WAYS, {"pair-a": [[2 * k, -k] for k in range(11)], "pair-b": [[-2 * k, -k] for k in range(11)]}
    )
    plane = room.locator(".map")

    def last() -> float:
        at = plane.locator(".map-point.b").nth(9).evaluate("(one) => one.getBoundingClientRect().x")
        return float(at)

    begin = last()
    button(room, "Enlarge the map").click()
    near = last()
    assert near < begin - 20
    plane.focus()
    room.keyboard.press("ArrowLeft")
    assert last() == pytest.approx(near + 40, abs=1)
    room.keyboard.press("-")
    room.keyboard.press("Home")
    assert last() == pytest.approx(begin, abs=0.5)
    assert room.evaluate("store.state.view.step") is None


def test_a_model_without_axes_has_no_map_and_says_so(room: Page) -> None:
    room.evaluate(
        """() => {
          const byId = Object.fromEntries(Object.entries(store.state.runs.byId).map(([id, run]) => {
            const { axes: _, ...model } = run.model;
            return [id, { ...run, model }];
          }));
          store.set({ runs: { byId } });
        }"""
    )
    expect(room.get_by_text("This model was exported without a map")).to_be_visible()
    expect(room.locator(".map")).to_be_hidden()


def test_any_finished_run_becomes_a_or_b(room: Page) -> None:
    room.evaluate(
        """() => {
          const { byId } = store.state.runs;
          const settings = { ...byId["pair-a"].settings, seed: 41 };
          store.set({ runs: { byId: { ...byId, third: { ...byId["pair-a"], id: "third", settings } } } });
        }"""
    )
    expect(room.locator(".runs li")).to_have_count(3)
    room.get_by_role("button", name=re.compile("Take as B: a red car.*, Seed 41,")).click()
    assert room.evaluate("[store.state.runs.shown, store.state.runs.beside]") == ["pair-a", "third"]
    assert "b.seed=41" in room.url
    expect(room.locator("figure.b .fact")).to_have_text("Seed 41")


def test_it_is_entered_from_the_stage_and_leaves_nothing_behind(stage: Page) -> None:
    stage.evaluate("store.set({ view: { room: 'stage' } })")
    show(stage)
    listening = stage.evaluate("store.listeners.size")
    button(stage, "Compare").click()
    expect(stage.locator(".room.compare")).to_be_focused()
    assert "room=compare" in stage.url
    assert drawn(stage)[0] == "a red car on the beach at sunset, A"
    expect(stage.locator("figure.b")).to_contain_text("Change one thing")
    stage.keyboard.press("Escape")
    expect(stage.locator(".stage")).to_be_visible()
    assert stage.evaluate("store.listeners.size") == listening


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1366, 768), (360, 740), (740, 360), (320, 640)])
def test_it_fits_every_screen_and_axe_finds_nothing(room: Page, size: tuple[int, int], scheme: str) -> None:
    room.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    room.set_viewport_size({"width": size[0], "height": size[1]})
    room.evaluate(
        WAYS, {"pair-a": [[2 * k, -k] for k in range(11)], "pair-b": [[-2 * k, -k] for k in range(11)]}
    )
    if room.evaluate("typeof axe") == "undefined":
        room.evaluate((LIBRARIES / "axe-core/axe.min.js").read_text("utf-8"))
    assert room.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    frames = [frame.bounding_box() for frame in room.locator(".frame-of").all()]
    assert all(frames)
    assert frames[0]["y"] == frames[1]["y"]  # beside each other on every screen
    assert room.evaluate(SMALL) == 0
    for kind in ("the words", "a word left out", "Seed"):
        room.get_by_role("combobox", name="Change").select_option(kind)
        assert json.dumps(room.evaluate(AXE)) == "[]"
    room.emulate_media(color_scheme="light")
