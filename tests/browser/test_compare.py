"""Two pictures drawn in turn by the page, and what it says of how far apart they are."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pyscript_app.comparison import noise_left, pair_steps
from tests.browser.conftest import MODEL
from tests.browser.controls import RUN, button
from tests.browser.scripts import LATENTS, RED_CAR

# [a, b] -> what the comparison says, which pairs were heard of, and the numbers of both runs' frames.
COMPARE = """async ([a, b]) => {
  const heard = [];
  const tell = ({ a, b, distance, foreseen }) => heard.push([a.step, b.step, distance, foreseen]);
  const { a: one, b: other, ...said } = await diffuscope.compare(a, b, tell);
  const numbers = ({ id, frames, picture, settings }) => ({
    id, settings, picture: [...picture.data], begin: [...frames[0].latentIn],
    noiseShares: frames.map(({ noiseShare }) => noiseShare), ways: frames.map(({ way }) => way),
    latents: frames.map(({ latent }) => [...latent]), x0: frames.map(({ x0 }) => [...x0]),
  });
  return { ...said, heard, a: numbers(one), b: numbers(other) };
}"""
AGAIN = """async (from) => {
  const { frames } = await diffuscope.generate({ from });
  return frames.map(({ latent }) => [...latent]);
}"""
# Cancels a comparison after its first pair.
CANCEL = """async (settings) => {
  const first = Promise.withResolvers();
  const run = diffuscope.compare(settings, { seed: 8 }, first.resolve).catch(({ name }) => name);
  await first.promise;
  diffuscope.cancel();
  return run;
}"""
# The same by a picture.
REPLACE = """async (settings) => {
  const first = Promise.withResolvers();
  const run = diffuscope.compare(settings, { seed: 8 }, first.resolve).catch(({ name }) => name);
  await first.promise;
  const { frames } = await diffuscope.generate({ ...settings, steps: 1 });
  return [await run, frames.length];
}"""


def relative(a: list[list[float]], b: list[list[float]]) -> list[float]:
    return (np.linalg.norm(np.subtract(a, b), axis=1) / np.linalg.norm(a, axis=1)).tolist()


def projected(site: Path, run: dict[str, Any]) -> np.ndarray:
    manifest = json.loads((site / MODEL / "manifest.json").read_text("utf-8"))
    content = (site / MODEL / manifest["axes"]["file"]).read_bytes()
    mean, *axes = np.frombuffer(content, "<f4").reshape(3, -1).astype(float)
    return (np.array([run["begin"], *run["latents"]]) - mean) @ np.array(axes).T


def test_distances_and_paths_are_numpys_and_each_run_is_what_it_is_alone(live_page: Page, site: Path) -> None:
    other = {"prompt": "a blue house in the snow", "steps": 3}
    said = live_page.evaluate(COMPARE, [RED_CAR, other])
    a, b = said["a"], said["b"]
    assert (a["settings"], b["settings"]) == (RED_CAR, RED_CAR | other)
    assert said["pairs"] == pair_steps(noise_left(a["noiseShares"]), noise_left(b["noiseShares"]))
    paired = {name: [b[name][index] for index in said["pairs"]] for name in ("latents", "x0")}
    assert said["distance"] == pytest.approx(relative(a["latents"], paired["latents"]), rel=1e-6)
    assert said["foreseen"] == pytest.approx(relative(a["x0"], paired["x0"]), rel=1e-6)
    assert said["parting"] in range(1, 5)
    for name, run in (("a", a), ("b", b)):
        np.testing.assert_allclose(said["paths"][name], projected(site, run), atol=1e-4)
        np.testing.assert_allclose(run["ways"], list(pairwise(projected(site, run))), atol=1e-4)
    assert said["heard"] == [
        [step, pair + 1, distance, foreseen]
        for step, (pair, distance, foreseen) in enumerate(
            zip(said["pairs"], said["distance"], said["foreseen"], strict=True), start=1
        )
    ]
    for run in (a, b):
        alone = live_page.evaluate(LATENTS, run["settings"])
        assert (alone["latents"], alone["picture"]) == (run["latents"], run["picture"])
        assert live_page.evaluate(AGAIN, {"run": run["id"], "step": 1}) == run["latents"][1:]


def test_the_same_twice_is_nowhere_apart(live_page: Page) -> None:
    said = live_page.evaluate(COMPARE, [RED_CAR | {"steps": 2}, {}])
    assert (said["distance"], said["foreseen"], said["parting"]) == ([0, 0], [0, 0], None)
    assert said["paths"]["a"] == said["paths"]["b"]
    assert said["a"]["picture"] == said["b"]["picture"]


def test_a_comparison_is_cancelled_by_the_button_and_by_a_picture(live_page: Page) -> None:
    assert live_page.evaluate(CANCEL, RED_CAR) == "AbortError"
    assert live_page.evaluate(REPLACE, RED_CAR) == ["AbortError", 1]


def test_a_second_that_cannot_be_drawn_is_refused_and_the_page_draws_on(live_page: Page) -> None:
    refused = "([a, b]) => diffuscope.compare(a, b).then(() => '', (error) => error.message)"
    told = live_page.evaluate(refused, [RED_CAR, {"gains": {"giraffe": 2}}])
    assert told.startswith("The word 'giraffe' is not in the prompt")
    assert len(live_page.evaluate(LATENTS, RED_CAR | {"prompt": "a boat", "steps": 2})["latents"]) == 2


# Settings of the second -> what the comparison says of them beside a red car.
PATHS = """async ([a, b]) => {
  const { paths, distance } = await diffuscope.compare(a, b);
  return { paths, distance };
}"""
ADDRESS = "prompt=a+red+car+on+the+beach+at+sunset&seed=7&steps=4&guidance=3&sampler=ddim&preview=full&spacing=trained"


def rows(page: Page, chart: str) -> list[list[str]]:
    """The table of a chart."""
    region = page.get_by_role("region", name=chart).first
    region.get_by_role("button", name="As a table").click()
    said = [row.locator("th, td").all_inner_texts() for row in region.locator("tbody tr").all()]
    region.get_by_role("button", name="As a table").click()
    return said


def test_an_address_draws_a_pair_and_the_room_goes_on_from_it(live_page: Page) -> None:
    page = live_page
    told = page.evaluate(PATHS, [RED_CAR, {"seed": 8}])
    page.evaluate("(hash) => { location.hash = hash }", f"{ADDRESS}&room=compare&b.seed=8")
    frame = page.locator("figure.b")
    expect(frame.get_by_role("img", name="a red car on the beach at sunset, B")).to_be_visible(timeout=RUN)
    expect(frame.locator(".fact")).to_have_text("Seed 8")
    # What is drawn on the map and along the curve is what the comparison says.
    place = "{:.2f} / {:.2f}".format
    written = [
        [str(step), *(place(*told["paths"][run][step]).replace("-", "−") for run in "ab")]
        for step in range(5)
    ]
    assert rows(page, "The way from noise to picture") == written
    assert [row[2] for row in rows(page, "How far apart")] == [f"{apart:.3f}" for apart in told["distance"]]
    expect(page.locator(".between .lead")).to_contain_text("They part at step")

    # A third is another pair, whose address says it; the second is still there, and measured beside it.
    page.get_by_role("combobox", name="Change").select_option("a word left out")
    words = page.get_by_role("group", name="Words of B")
    words.get_by_role("button", name="red", exact=True).click()
    button(page, "Generate").click()
    expect(frame.get_by_role("img", name="a car on the beach at sunset, B")).to_be_visible(timeout=RUN)
    assert "b.prompt=a+car+on+the+beach+at+sunset" in page.url
    assert page.locator(".prompt-of.a mark").all_inner_texts() == ["red"]
    page.get_by_role("button", name=re.compile("^Take as B: a red car.*, Seed 8,")).last.click()
    expect(frame.locator(".fact")).to_have_text("Seed 8")
    expect(page.locator(".between .lead")).to_contain_text("They part at step", timeout=RUN)
    assert [row[2] for row in rows(page, "How far apart")] == [f"{apart:.3f}" for apart in told["distance"]]
    page.evaluate("history.pushState(null, '', '#'); dispatchEvent(new PopStateEvent('popstate'))")
