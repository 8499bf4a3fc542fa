"""Runs that begin elsewhere than in noise: at a picture, or where an earlier run stood."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BOOT, MODEL, wait_ready
from tests.browser.scripts import RED_CAR

# Wishes (a start is at the picture drawn last) -> the run's id, the steps that were heard of, frames and picture.
DRAW = """async (wishes) => {
  if (wishes.from?.latent) wishes.from.latent = Float32Array.from(wishes.from.latent);
  if (wishes.start) wishes.start.picture = globalThis.picture;
  const heard = [];
  const { id, frames, picture, settings } = await diffuscope.generate(wishes, ({ step }) => heard.push(step));
  globalThis.picture = picture;
  const digest = async (data) => String(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
  return {
    id, heard, settings, picture: [...picture.data],
    frames: await Promise.all(frames.map(
      async ({ step, steps, timestep, latentIn, latent, meanMaps, preview }) => (
        { step, steps, timestep, latentIn: [...latentIn], latent: [...latent],
          meanMaps: await digest(meanMaps), preview: await digest(preview.data) }))),
  };
}"""
# Counts the image files that pictures are made into.
COUNT_FILES = """() => {
  const { convertToBlob } = OffscreenCanvas.prototype;
  globalThis.files = 0;
  OffscreenCanvas.prototype.convertToBlob = function (wishes) {
    globalThis.files++;
    return convertToBlob.call(this, wishes);
  };
}"""
# How far each picture of a run is from itself packed and unpacked, as the mean of its colours' distances.
PACK = """async (wishes) => {
  const { pack, unpack } = await import(new URL("runs/packing.js", document.baseURI));
  const { frames } = await diffuscope.generate(wishes);
  const again = await unpack(await pack(frames));
  return frames.map(({ preview: { data } }, step) =>
    data.reduce((sum, value, k) => sum + Math.abs(value - again[step].preview.data[k]), 0) / data.length);
}"""
NAMES = "(all) => all.map((one) => one.getAttribute('aria-label'))"
REFUSED = "(wishes) => diffuscope.generate(wishes).then(() => null, (error) => [error.trouble.reason, error.message])"


def far(ours: list[int], theirs: list[int]) -> float:
    """The mean distance of two pictures' colours, 0 to 255."""
    return sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / len(ours)


@pytest.mark.parametrize(
    "sampler",
    [
        "euler-ancestral",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("ddim", "dpm++2m", "pndm")),
    ],
)
def test_unchanged_a_run_repeats_bit_for_bit(live_page: Page, sampler: str) -> None:
    whole = live_page.evaluate(DRAW, RED_CAR | {"sampler": sampler})
    # The page's fields say something else by now.
    live_page.evaluate(DRAW, RED_CAR | {"steps": 1, "prompt": "a blue boat", "negative": "snow"})
    for step in (2, 0):
        again = live_page.evaluate(DRAW, {"from": {"run": whole["id"], "step": step}})
        assert again["id"] != whole["id"]
        assert again["settings"] == whole["settings"]
        assert again["heard"] == [frame["step"] for frame in whole["frames"]][step:]
        assert again["frames"] == whole["frames"][step:]
        assert again["picture"] == whole["picture"]


def test_a_run_that_was_packed_repeats_as_well(live_page: Page) -> None:
    whole = live_page.evaluate(DRAW, RED_CAR | {"sampler": "euler-ancestral"})
    live_page.evaluate(COUNT_FILES)
    live_page.evaluate(DRAW, RED_CAR | {"steps": 1})
    live_page.wait_for_function("globalThis.files === 4")  # a picture each: all is packed
    again = live_page.evaluate(DRAW, {"from": {"run": whole["id"], "step": 2}})
    assert again["frames"] == whole["frames"][2:]
    assert again["picture"] == whole["picture"]
    # The steps before are on show again, from a packed run's files.
    strip = live_page.get_by_role("img", name="Step ")
    assert [name[:11] for name in strip.evaluate_all(NAMES)] == [f"Step {step} of 4" for step in range(1, 5)]
    *others, last = live_page.evaluate(PACK, RED_CAR)
    assert last == 0  # the finished picture is not rounded
    assert all(0 < distance < 3 for distance in others)


def test_other_words_from_a_step_on_change_the_picture(live_page: Page) -> None:
    whole = live_page.evaluate(DRAW, RED_CAR)
    origin = {"run": whole["id"], "step": 2}
    other = live_page.evaluate(DRAW, {"from": origin, "prompt": "a blue house in the snow"})
    assert other["settings"] == whole["settings"] | {"prompt": "a blue house in the snow"}
    assert other["frames"][0]["latentIn"] == whole["frames"][2]["latentIn"]
    assert far(other["picture"], whole["picture"]) > 2
    # The strip shows the steps of both.
    strip = live_page.get_by_role("img", name="Step ")
    assert [name.split(":")[0][:11] for name in strip.evaluate_all(NAMES)] == [
        f"Step {step} of 4" for step in range(1, 5)
    ]


def test_a_latent_of_one_s_own_is_gone_on_with(live_page: Page) -> None:
    whole = live_page.evaluate(DRAW, RED_CAR)
    origin = {"run": whole["id"], "step": 2}
    own = [value * 0.5 for value in whole["frames"][2]["latentIn"]]
    changed = live_page.evaluate(DRAW, {"from": origin | {"latent": own}})
    assert changed["frames"][0]["latentIn"] == own
    assert far(changed["picture"], whole["picture"]) > 2


def test_a_run_can_begin_at_a_picture(live_page: Page) -> None:
    first = live_page.evaluate(DRAW, RED_CAR)
    wishes = RED_CAR | {"prompt": "a red car in the snow", "seed": 11}
    begun = live_page.evaluate(DRAW, wishes | {"start": {"strength": 0.5}})
    assert begun["heard"] == [1, 2]
    assert [frame["steps"] for frame in begun["frames"]] == [2, 2]
    assert [frame["timestep"] for frame in begun["frames"]] == [
        frame["timestep"] for frame in first["frames"]
    ][2:]
    fresh = live_page.evaluate(DRAW, wishes)
    assert far(begun["picture"], first["picture"]) < far(fresh["picture"], first["picture"]) / 2
    again = live_page.evaluate(DRAW, {"from": {"run": begun["id"], "step": 1}})
    assert again["frames"] == begun["frames"][1:]


@pytest.mark.long
def test_the_encoder_is_fetched_when_a_picture_first_needs_it(chromium: Browser, site_url: str) -> None:
    context = chromium.new_context()
    context.set_default_timeout(BOOT)
    page = context.new_page()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.goto(site_url)
    wait_ready(page)
    page.evaluate(DRAW, RED_CAR)
    assert not [url for url in asked if "vae_encoder" in url]
    page.evaluate(DRAW, RED_CAR | {"start": {"strength": 0.5}})
    assert [url for url in asked if "vae_encoder" in url]
    asked.clear()
    page.evaluate(DRAW, RED_CAR | {"start": {"strength": 0.5}})
    assert not [url for url in asked if "/models/" in url]
    context.close()


@pytest.mark.long
def test_an_encoder_that_does_not_come_is_named_and_the_page_draws_on(
    chromium: Browser, site: Path, altered_site: Callable[[str, bytes | None], str]
) -> None:
    manifest = json.loads((site / MODEL / "manifest.json").read_text("utf-8"))
    (shard,) = manifest["graphs"]["vae_encoder"]["shards"]
    page = chromium.new_page()
    page.goto(altered_site(MODEL + shard, None))
    wait_ready(page)
    drawn = page.evaluate(DRAW, RED_CAR)
    message = page.evaluate(
        "diffuscope.generate({ start: { picture, strength: 0.5 } }).then(() => '', (error) => error.message)"
    )
    assert message.startswith(f"The model's file {shard} is not on the server")
    assert page.evaluate(DRAW, RED_CAR)["picture"] == drawn["picture"]
    page.close()


@pytest.mark.parametrize(
    ("wishes", "reason", "sentence"),
    [
        ({"from": {"run": "nobody", "step": 1}}, "from-run", "There is no run 'nobody' to go on from"),
        ({"from": {"step": 4}}, "from-step", "choose one from 0 to 3."),
        ({"from": {"step": 2, "latent": {"0": 1}}}, "from-latent", "must hold 1024 numbers"),
        ({"start": {"strength": 0.1}}, "strength-little", "A strength of 0.1 leaves none of 4 steps"),
        ({"start": {"strength": 0.5}, "from": {"step": 2}}, "start-twice", "give start or from, not both"),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value else "",
)
def test_a_beginning_that_cannot_be_is_refused_with_a_sentence(
    live_page: Page, wishes: dict[str, Any], reason: str, sentence: str
) -> None:
    whole = live_page.evaluate(DRAW, RED_CAR)
    asked = "(wishes) => { if (wishes.start) wishes.start.picture = globalThis.picture; "
    if "from" in wishes:
        wishes = wishes | {"from": {"run": whole["id"]} | wishes["from"]}
        asked += "const { latent } = wishes.from; if (latent) wishes.from.latent = new Float32Array(3); "
    told = live_page.evaluate(f"{asked} return ({REFUSED})(wishes); }}", wishes)
    assert told[0] == reason
    assert sentence in told[1]
