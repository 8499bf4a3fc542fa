"""What the page says: at the end of a run, of the UNet, of attention, and to those who hear it or go by keyboard."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pyscript_app.samplers import SAMPLERS, plan
from pyscript_app.schedule import Schedule
from tests.browser.staged import show, staged

PROMPT = "a red car on the beach at sunset"
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
MOST = 12  # pictures in the strip
ROOT = Path(__file__).parents[2]
TEXT = json.loads((ROOT / "web/text/en.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def stage(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page without an engine, shared by this module's tests."""
    with staged(chromium, site_url, viewport=LAPTOP) as page:
        yield page


def fact(page: Page, name: str) -> Locator:
    """The value of a number under the loop, by its name."""
    return page.locator(".facts > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def numbers(page: Page) -> list[str]:
    """The step of each picture in the strip."""
    return page.locator(".frame b").all_inner_texts()


def timed(page: Page) -> float:
    """Seconds that the graphs of all steps on show took."""
    return page.evaluate(
        """store.state.runs.byId.staged.frames.flatMap(({ ms }) => Object.values(ms))
          .reduce((sum, one) => sum + one) / 1000"""
    )


@pytest.mark.parametrize("source", ["live", "recorded"])
def test_a_finished_picture_is_said_to_be_finished(stage: Page, source: str) -> None:
    show(stage, run={"source": source})
    expect(stage.locator(".caption-text")).to_have_text("Finished, 10 steps")
    expect(stage.locator(".transport-title")).to_have_text("Finished")
    expect(fact(stage, "Noise left")).to_have_text("none")
    expect(fact(stage, "Took")).to_have_text(f"{timed(stage):.1f} s")
    expect(stage.locator(".facts")).not_to_contain_text("Time left")
    expect(stage.locator(".loop")).to_contain_text("This was the last turn.")
    expect(stage.get_by_role("img", name="Step 10 of 10, finished", exact=True)).to_be_visible()
    expect(stage.locator(".frame-facts").last).to_have_text("10done")
    # A step on the way says what it was, and that of this run no time is left.
    stage.evaluate("store.set({ view: { step: 9 } })")
    expect(stage.locator(".caption-text")).to_have_text("Held, step 9 of 10noise 10\u202f%")
    expect(fact(stage, "Noise going in")).to_have_text("20\u202f%")
    expect(stage.locator(".loop")).to_contain_text("goes round again")
    expect(stage.locator(".facts")).not_to_contain_text("Time left")


def test_the_time_that_is_left_is_told_while_there_is_some(stage: Page) -> None:
    show(stage, done=5, run={"status": "paused", "msPerStep": 230})
    expect(fact(stage, "Time left")).to_have_text("1.2 s")
    expect(stage.get_by_role("img", name=re.compile("^Step 5 of 10, noise"))).to_be_visible()


def test_where_the_schedule_leaves_a_trace_of_noise_none_is_not_claimed(stage: Page) -> None:
    show(stage, change={"scheduler": {}})
    expect(fact(stage, "Noise left")).to_have_text("hardly any")


@pytest.mark.parametrize(
    ("scheduler", "said", "unsaid"),
    [
        ({"prediction_type": "v_prediction"}, "noise and picture", "which noise"),
        ({"prediction_type": "epsilon"}, "says which noise", "answers with v"),
        ({}, "says which noise", "answers with v"),
    ],
    ids=["v", "epsilon", "by default"],
)
def test_the_unet_is_said_to_answer_what_this_model_answers(
    stage: Page, scheduler: dict[str, str], said: str, unsaid: str
) -> None:
    show(stage, change={"scheduler": scheduler})
    sheet = stage.get_by_role("region", name="UNet", exact=True)
    for place in (stage.locator(".loop"), sheet):
        expect(place).to_contain_text(said)
        expect(place).not_to_contain_text(unsaid)
        expect(place).to_contain_text(re.compile("latent, (a|the) small grid of numbers"))
        stage.evaluate("store.set({ view: { part: 3 } })")


def test_in_the_last_step_the_decoder_is_shown_the_finished_latent(stage: Page) -> None:
    show(stage)
    stage.evaluate("store.set({ view: { part: 7, step: 9 } })")
    sheet = stage.get_by_role("region", name="Decoder", exact=True)
    expect(sheet.get_by_role("img", name=re.compile("^clean guess"))).to_be_visible()
    stage.evaluate("store.set({ view: { step: 10 } })")
    expect(sheet.get_by_role("img", name=re.compile("^finished latent"))).to_be_visible()


def test_the_page_says_what_the_shares_are_of_and_where_the_rest_goes(stage: Page) -> None:
    show(stage)
    every = stage.evaluate("store.state.runs.byId.staged.frames.at(-1).words.map(({ share }) => share)")
    whole, rest = (f"{100 * part:.0f}\u202f%" for part in (sum(every), 1 - sum(every)))
    expect(stage.locator(".rest-name")).to_have_text(f"start, end, empty: {rest}")
    stage.evaluate("store.set({ view: { word: 5 } })")
    panel = stage.locator(".side")
    expect(panel).to_contain_text(f"all words get, which is {whole} of the attention")
    expect(panel).to_contain_text(f"get the other {rest}")
    shares = panel.locator(".multiple .quiet").all_inner_texts()
    assert sum(float(share.split("\u202f")[0]) for share in shares) == pytest.approx(100, abs=1)
    assert shares[5] == f"{100 * every[5] / sum(every):.0f}\u202f%"
    stage.get_by_role("button", name="As a table").click()
    head = panel.get_by_role("columnheader").all_inner_texts()
    assert head == ["Word", "Share of the words' attention", "Inside its line", "Strongest at"]
    stage.get_by_role("button", name="As a table").click()


# Each word's thread: its class and its width.
THREADS = """[...document.querySelectorAll(".threads path.thread:not(.rest)")].map(
  (thread) => [thread.getAttribute("class"), thread.getAttribute("stroke-width")])"""


def test_the_threads_show_what_the_run_did_and_not_what_is_set_for_the_next(stage: Page) -> None:
    show(stage)
    before = stage.evaluate(THREADS)
    assert before
    stage.evaluate("store.set({ settings: { gains: { red: 2, car: 0 } } })")
    assert stage.evaluate(THREADS) == before
    show(stage)


def test_when_the_systems_theme_changes_what_is_painted_changes_too(stage: Page) -> None:
    show(stage)

    def painted(theme: Any) -> list[str]:
        stage.emulate_media(color_scheme=theme)
        stage.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")
        stage.wait_for_timeout(100)  # a few frames
        return stage.evaluate(
            "[...document.querySelectorAll('.channels canvas')].map((one) => one.toDataURL())"
        )

    light, dark = painted("light"), painted("dark")
    assert len(light) > 1
    assert not set(light) & set(dark)
    assert painted("light") == light


def test_the_rest_has_a_quiet_thread_of_its_own_into_the_frame(stage: Page) -> None:
    show(stage)
    box = stage.locator(".thread.rest").bounding_box()
    frame = stage.locator(".mat").bounding_box()
    name = stage.locator(".rest-name").bounding_box()
    noise = stage.locator(".noise").bounding_box()
    legend = stage.locator(".legend").bounding_box()
    assert box
    assert frame
    assert name
    assert noise
    assert legend
    assert box["x"] + box["width"] == pytest.approx(frame["x"], abs=12)  # it has a stroke
    assert name["x"] + name["width"] <= box["x"] + 12
    assert name["y"] + name["height"] <= min(noise["y"], legend["y"]) + 1
    assert name["y"] >= stage.locator(".word span").last.bounding_box()["y"] + 20  # type: ignore[index]
    show(stage, done=0, run={"status": "waiting"})
    expect(stage.locator(".rest-name")).to_have_count(0)  # nothing was heard yet


def test_the_strip_of_a_long_run_shows_its_ends_and_every_kth_step(stage: Page) -> None:
    show(stage, steps=50)
    assert numbers(stage) == ["1", "5", "10", "15", "20", "25", "30", "35", "40", "45", "50"]
    stage.evaluate("store.set({ view: { step: 23 } })")
    assert numbers(stage) == ["1", "5", "10", "15", "20", "23", "30", "35", "40", "45", "50"]
    expect(stage.locator(".frame[aria-current] b")).to_have_text("23")
    expect(stage.get_by_role("img", name=re.compile("^Step 23 of 50, noise"))).to_be_visible()
    inside = stage.locator(".frames").evaluate("(list) => list.scrollWidth <= list.clientWidth")
    assert inside
    slider = stage.get_by_role("slider", name="Timeline")
    box = slider.bounding_box()
    assert box
    slider.click(position={"x": box["width"] * 36.5 / 50, "y": box["height"] / 2})
    expect(slider).to_have_attribute("aria-valuenow", "37")
    expect(slider).to_have_attribute("aria-valuetext", "Step 37 of 50")


def test_a_strip_of_a_thousand_steps_stays_light(stage: Page) -> None:
    show(stage, steps=1000, done=10, run={"status": "paused"})
    assert stage.locator(".frame").count() <= MOST
    assert numbers(stage)[0] == "1"
    assert numbers(stage)[-1] == "1000"
    expect(stage.locator(".frame[aria-current] b")).to_have_text("10")
    assert stage.locator("body *").count() < 1500


def test_the_strip_is_one_stop_and_the_arrows_go_along_it(stage: Page) -> None:
    show(stage, steps=50)
    stage.evaluate("store.set({ view: { step: 23 } })")
    stops = stage.locator(".frames button:not([tabindex='-1'])")
    expect(stops).to_have_count(1)
    stops.focus()
    for key, step in (("ArrowRight", 24), ("ArrowLeft", 23), ("Home", 1), ("End", 50), ("ArrowLeft", 49)):
        stage.keyboard.press(key)
        expect(stage.get_by_role("button", name=f"Show picture {step}", exact=True)).to_be_focused()
        expect(stage.locator(".frame[aria-current] b")).to_have_text(str(step))
        expect(stops).to_have_count(1)
    stage.keyboard.press("Tab")
    expect(stage.get_by_role("slider", name="Timeline")).to_be_focused()


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_tab_key_goes_by_the_order_of_the_page(stage: Page, size: dict[str, int]) -> None:
    stage.set_viewport_size(size)
    show(stage)
    stage.evaluate("store.set({ view: { word: 2 } })")
    stage.evaluate("document.body.tabIndex = -1; document.body.focus()")
    met = []
    for _ in range(60):
        stage.keyboard.press("Tab")
        name = stage.evaluate(NAMED)
        if met and name == met[0]:
            break
        met.append(name)
    order = ["Skip to the prompt", "Prompt", "setting", "Generate", "word", "Guidance", "Sampler", "Latent"]
    if size == LAPTOP:
        order[5:5] = ["Words", "Text encoder", "UNet"]
    order += ["Attention over the picture", *(["Decoder"] if size == LAPTOP else []), "Show picture 10"]
    places = [met.index(name) for name in order]
    assert places == sorted(places), met
    assert met[0] == "Skip to the prompt"
    stage.set_viewport_size(LAPTOP)


# The name of what has the focus; settings and words by their kind.
NAMED = """() => {
  const one = document.activeElement;
  if (one.matches(".setting")) return "setting";
  if (one.matches(".word")) return "word";
  return one.ariaLabel ?? one.querySelector(".name")?.innerText ?? one.innerText.trim();
}"""


def test_the_accessibility_tree_names_the_parts_in_their_order(stage: Page) -> None:
    stage.set_viewport_size(LAPTOP)
    show(stage)
    nodes = stage.context.new_cdp_session(stage).send("Accessibility.getFullAXTree")["nodes"]
    said = list(heard({node["nodeId"]: node for node in nodes}, nodes[0]["nodeId"]))
    order: list[tuple[str, str]] = [
        ("link", "Skip to the prompt"),
        ("textbox", "Prompt"),
        ("group", "Settings"),
        ("button", "Generate"),
        ("group", "Words"),
        *(("button", TEXT[f"part.{part}"]) for part in range(1, 7)),
        ("image", PROMPT),
        ("button", "Decoder"),
        ("image", "Step 1 of 10, noise 90\u202f%"),
        ("image", "Step 10 of 10, finished"),
        ("slider", "Timeline"),
    ]
    places = [said.index(one) for one in order]
    assert places == sorted(places)


def heard(nodes: dict[str, dict[str, Any]], at: str) -> Iterator[tuple[str, str]]:
    """Role and name of a node and of all below it, in the order in which a screen reader meets them."""
    node = nodes[at]
    if not node["ignored"] and "name" in node:
        yield node["role"]["value"], node["name"]["value"]
    for child in node["childIds"]:
        yield from heard(nodes, child)


@pytest.mark.parametrize("part", range(1, 8))
def test_on_a_phone_a_part_has_its_name_and_not_its_number(stage: Page, part: int) -> None:
    stage.set_viewport_size(PHONE)
    name = TEXT[f"part.{part}"]
    for button in stage.locator(f"button[data-part='{part}']:visible").all():
        assert button.aria_snapshot().startswith(f'- button "{name}"')
    stage.set_viewport_size(LAPTOP)


def test_the_skip_link_leads_to_the_prompt_and_leaves_the_address(stage: Page) -> None:
    address = stage.url
    stage.evaluate("document.activeElement.blur()")
    link = stage.get_by_role("link", name="Skip to the prompt")
    expect(link).not_to_be_in_viewport()
    link.focus()
    expect(link).to_be_in_viewport()
    stage.keyboard.press("Enter")
    expect(stage.get_by_role("textbox", name="Prompt")).to_be_focused()
    assert stage.url == address


@pytest.mark.parametrize(("engine", "waits"), [("ready", False), ("preparing", True)])
def test_waiting_for_the_engine_is_announced_where_it_is_waited_for(
    stage: Page, engine: str, waits: bool
) -> None:
    show(stage)
    stage.evaluate(
        """() => {
          globalThis.heard = [];
          const live = document.getElementById("live");
          globalThis.ear = new MutationObserver(() => heard.push(live.textContent));
          ear.observe(live, { childList: true, characterData: true, subtree: true });
        }"""
    )
    show(stage, done=0, run={"status": "waiting"}, engine={"status": engine})
    seen = stage.locator(".transport-title").inner_text()
    show(stage, done=0, run={"status": "running"}, engine={"status": "ready"})
    heard = stage.evaluate("ear.disconnect() ?? heard")
    assert ("Waiting for the engine" in heard) == waits
    assert seen == ("Waiting for the engine" if waits else "Step 1 of 10")
    assert heard[-1] == f"Drawing {PROMPT}"


def test_pndm_counts_its_calls_from_the_start_and_says_so(stage: Page) -> None:
    pndm: dict[str, Any] = {"sampler": "pndm", "steps": 6}
    show(stage, steps=7, done=0, settings=pndm, run={"status": "idle", "steps": 0, "settings": None})
    assert len(numbers(stage)) == 7
    show(stage, steps=7, settings=pndm)
    assert len(numbers(stage)) == 7
    expect(stage.locator(".caption-text")).to_have_text("Finished, 7 steps")
    stage.evaluate("store.set({ view: { part: 5 } })")
    expect(stage.get_by_role("region", name="Sampler", exact=True)).to_contain_text("one more than you set")


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("view", [{}, {"step": 5}, {"word": 2}])
def test_the_panel_has_room_for_its_words(stage: Page, size: dict[str, int], view: dict[str, int]) -> None:
    stage.set_viewport_size(size)
    for prediction in ("v_prediction", "epsilon"):
        show(stage, change={"scheduler": {"prediction_type": prediction}})
        stage.evaluate("(view) => store.set({ view })", view)
        hidden = stage.evaluate(
            """() => [...document.querySelectorAll(".panel, .panel *")].filter(one => one.checkVisibility())
              .filter(one => one.scrollHeight > one.clientHeight + 1 && getComputedStyle(one).overflowY !== "visible"
                || one.matches(".panel > *") && one.getBoundingClientRect().bottom
                  > one.parentElement.getBoundingClientRect().bottom + 1)
              .map(one => one.className)"""
        )
        assert hidden == []
    stage.set_viewport_size(LAPTOP)


COUNT = """import { stepsToTake } from "./web/state/steps.js";
const [samplers, steps] = JSON.parse(process.argv[1]);
console.log(JSON.stringify(samplers.map((sampler) => steps.map((count) => stepsToTake({ sampler, steps: count })))));"""


def test_the_page_counts_the_steps_that_each_sampler_plans() -> None:
    manifest = json.loads((ROOT / "web/models/miniature/manifest.json").read_text("utf-8"))
    schedule = Schedule.from_config(manifest["scheduler"])
    asked = [1, 2, 6]
    node = ["node", "--input-type=module", "-e", COUNT, json.dumps([[*SAMPLERS], asked])]
    counted = json.loads(subprocess.run(node, capture_output=True, check=True, cwd=ROOT).stdout)
    assert counted == [[len(plan(name, schedule, steps).steps) for steps in asked] for name in SAMPLERS]


GONE = ["foresee", "calmer", "anew", "names the noise", "listens most.", "over 0.4", "remembers"]


def test_words_that_visitors_did_not_understand_are_gone() -> None:
    assert [(key, word) for key, text in TEXT.items() for word in GONE if word in text.lower()] == []


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_a_sampler_does_is_a_sentence(sampler: str) -> None:
    assert re.fullmatch(r"[A-Z].+\.", TEXT[f"sampler.{sampler}.why"])
