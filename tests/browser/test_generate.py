"""Pictures drawn in Chromium on WASM: the numbers, the buttons, and what happens after a failure."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from export.native.runtime import NativeRuntime
from tests.browser.native import draw_natively
from tests.browser.scripts import GENERATE, RED_CAR


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"sampler": "pndm", "prompt": ""},
        {"sampler": "euler-ancestral", "negative": "a blue house", "guidance": 7.5, "seed": 2**31},
        {"sampler": "dpm++2m", "prompt": "A zeppelin, RED; café 猫", "gains": {"red": 2, "zeppelin": 0}},
    ],
    ids=["plain", "pndm without words", "ancestral with a negative prompt", "unknown words and strengths"],
)
def test_the_page_computes_what_the_command_line_computes(
    live_page: Page, site: Path, wishes: dict[str, Any]
) -> None:
    settings = RED_CAR | wishes
    got = live_page.evaluate(GENERATE, settings)
    expected = draw_natively(site, **settings)

    assert got["order"] == [frame.step for frame in expected] == list(range(1, len(expected) + 1))
    assert got["settings"] == settings
    for ours, theirs in zip(got["frames"], expected, strict=True):
        assert (ours["steps"], ours["timestep"]) == (theirs.steps, theirs.timestep)
        assert ours["sigma"] == pytest.approx(theirs.sigma)
        for name, values in {
            "latent": theirs.latent,
            "x0": theirs.x0,
            "epsCond": theirs.eps_cond,
            "epsUncond": theirs.eps_uncond,
        }.items():
            np.testing.assert_allclose(
                ours[name], values, atol=1e-3, err_msg=f"{name} of step {ours['step']}"
            )
        assert set(ours["attention"]) == {str(side) for side in theirs.attention}
        for side, values in theirs.attention.items():
            np.testing.assert_allclose(ours["attention"][str(side)], values, atol=1e-3)
        np.testing.assert_allclose(ours["maps"], theirs.maps, atol=1e-3)
        np.testing.assert_allclose(ours["meanMaps"], theirs.mean_maps, atol=1e-3)
        assert [word["text"] for word in ours["words"]] == [word.text for word in theirs.words]
        assert [word["share"] for word in ours["words"]] == pytest.approx(
            [word.share for word in theirs.words], abs=1e-4
        )
        assert set(ours["kinds"]) == {"Float32Array"}
        assert ours["preview"] == ["ImageData", 128, 128]
        assert ours["ms"]["unet"] > 0
    picture = np.asarray(expected[-1].picture).round()
    assert np.abs(np.array(got["picture"]) - picture).max() <= 2
    assert np.ptp(picture) > 50, "an even picture would agree too easily"


def in_the_strip(page: Page, step: int) -> bytes:
    """The strip's picture of a step."""
    picture = page.get_by_role("img", name=re.compile(rf"^Step {step} of \d"))
    return bytes(
        picture.evaluate("(it) => [...it.getContext('2d').getImageData(0, 0, it.width, it.height).data]")
    )


def go_to(page: Page, step: int) -> None:
    """Go to a step by hand, and wait until it is decoded in full."""
    timeline = page.get_by_role("slider", name="Timeline")
    timeline.press("Home")
    for _ in range(step - 1):
        timeline.press("ArrowRight")
    expect(timeline).to_have_attribute("aria-valuenow", str(step))
    expect(page.locator(".caption-text")).to_contain_text(f"step {step} of 4")
    expect(page.locator(".caption-text")).not_to_contain_text("small decoder")


def test_the_small_decoder_draws_until_a_step_is_gone_to_or_the_run_ends(live_page: Page) -> None:
    """The last step, and on request any other, is decoded in full; also while the run waits. After it all are."""
    usual = RED_CAR | {"preview": "tiny"}
    draw = "(wishes) => diffuscope.generate(wishes).then(({ frames }) => frames.map((one) => one.drawnBy))"
    assert live_page.evaluate(draw, RED_CAR) == ["vae_decoder"] * 4
    full = [in_the_strip(live_page, step) for step in range(1, 5)]
    assert live_page.evaluate(draw, usual) == [*["preview_decoder"] * 3, "vae_decoder"]
    give_up = time.monotonic() + 30
    while [in_the_strip(live_page, step) for step in range(1, 5)] != full:
        assert time.monotonic() < give_up, "the steps on the way are not decoded"
        live_page.wait_for_timeout(200)

    live_page.evaluate(
        """(wishes) => new Promise((resolve) => {
          const onFrame = ({ step }) => { if (step === 2) { diffuscope.pause(); resolve(); } };
          globalThis.drawn = diffuscope.generate(wishes, onFrame);
        })""",
        usual,
    )
    go_to(live_page, 1)
    assert in_the_strip(live_page, 1) == full[0]
    drawn_by = live_page.evaluate(
        "() => (diffuscope.resume(), drawn.then(({ frames }) => frames.map((one) => one.drawnBy)))"
    )
    assert drawn_by == ["vae_decoder", "preview_decoder", "preview_decoder", "vae_decoder"]


def test_cancel_acts_within_one_step_and_the_next_picture_is_unspoilt(live_page: Page) -> None:
    before = live_page.evaluate(GENERATE, RED_CAR)
    cancelled = live_page.evaluate(
        """async (settings) => {
          let steps = 0;
          const run = diffuscope.generate({ ...settings, steps: 40 }, () => {
            steps += 1;
            if (steps === 2) diffuscope.cancel();
          });
          const error = await run.catch((reason) => reason);
          await new Promise((done) => setTimeout(done, 1500));
          return { name: error.name, isError: error instanceof DOMException, steps };
        }""",
        RED_CAR,
    )
    assert cancelled == {"name": "AbortError", "isError": True, "steps": 2}
    after = live_page.evaluate(GENERATE, RED_CAR)
    assert after["picture"] == before["picture"]


def test_a_second_picture_cancels_the_first(live_page: Page) -> None:
    outcome = live_page.evaluate(
        """async (settings) => {
          const first = diffuscope.generate({ ...settings, steps: 40 }).catch((reason) => reason.name);
          await new Promise((done) => setTimeout(done, 700));
          const second = await diffuscope.generate({ ...settings, steps: 2, seed: 1 });
          return { first: await first, steps: second.frames.map(({ step, steps }) => [step, steps]) };
        }""",
        RED_CAR,
    )
    assert outcome == {"first": "AbortError", "steps": [[1, 2], [2, 2]]}


def test_pause_step_and_resume(live_page: Page) -> None:
    counts = live_page.evaluate(
        """async (settings) => {
          const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
          const began = performance.now();
          const counts = [];
          let steps = 0;
          let length = 0;
          const run = diffuscope.generate({ ...settings, steps: 5 }, () => {
            steps += 1;
            if (steps > 1) return;
            length = performance.now() - began;
            diffuscope.pause();
          });
          while (!length) await sleep(50);
          const rest = () => sleep(500 + 3 * length);
          await rest();
          counts.push(steps);
          diffuscope.step();
          await rest();
          counts.push(steps);
          diffuscope.resume();
          const { frames } = await run;
          return [...counts, frames.length];
        }""",
        RED_CAR,
    )
    paused, stepped, finished = counts
    # A step that was already begun may end, and one more where the page heard of the first late.
    assert paused in {1, 2, 3}
    assert stepped == paused + 1
    assert finished == 5


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"seed": 1.5}, "seed"),
        ({"steps": 0}, "steps"),
        ({"sampler": "heun"}, "heun"),
        ({"gains": {"giraffe": 2}}, "giraffe"),
        ({"colour": "red"}, "no setting named 'colour'"),
    ],
)
def test_a_mistaken_setting_is_said_and_the_next_picture_is_drawn(
    live_page: Page, wishes: dict[str, Any], sentence: str
) -> None:
    message = live_page.evaluate(
        "(settings) => diffuscope.generate(settings).then(() => 'drawn', (error) => error.message)",
        RED_CAR | wishes,
    )
    assert sentence in message
    assert "Traceback" not in message
    drawn = live_page.evaluate(
        "async (settings) => (await diffuscope.generate(settings)).frames.length", RED_CAR | {"steps": 1}
    )
    assert drawn == 1


# The picture in the frame, a pixel of it for each of the decoder's.
CENTRE = """() => {
  const canvas = document.querySelector(".picture canvas");
  const times = canvas.width / 128;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: 128 * 128 * 4 }, (_, k) => {
    const [x, y] = [(k >> 2) % 128, k >> 9].map((one) => Math.floor((one + 0.5) * times));
    return data[(y * canvas.width + x) * 4 + (k & 3)];
  });
}"""


def test_what_the_latent_holds_is_decoded_when_that_is_asked_for(live_page: Page, site: Path) -> None:
    settings = RED_CAR | {"sampler": "euler", "steps": 3}  # whose latents grow with the noise
    live_page.set_viewport_size({"width": 1366, "height": 768})
    live_page.evaluate("(settings) => diffuscope.generate(settings).then(() => null)", settings)
    live_page.get_by_role("button", name="Show picture 2", exact=True).click()
    cells = live_page.evaluate(CENTRE)
    live_page.get_by_role("button", name="decoded", exact=True).click()
    frame = draw_natively(site, **settings)[1]
    scaled = np.float32(frame.latent_scale) * np.asarray(frame.latent, np.float32)
    runtime = NativeRuntime(site / "models/miniature", optimization="basic")
    (expected,) = runtime.run_now("vae_decoder", {"latent": scaled.reshape(1, 4, 16, 16)}).values()
    for _ in range(100):
        seen = live_page.evaluate(CENTRE)
        if seen != cells:
            break
        live_page.wait_for_timeout(50)
    assert np.abs(np.array(seen) - expected.ravel().round()).mean() < 1
    live_page.get_by_role("button", name="decoded", exact=True).click()
    assert live_page.evaluate(CENTRE) == cells


def test_a_slow_pace_waits_after_each_step(live_page: Page) -> None:
    def pace(name: str) -> None:
        live_page.get_by_role("button", name="Pace").click()
        live_page.get_by_role("radio", name=re.compile(f"^{name}")).check()
        live_page.keyboard.press("Escape")

    pace("slow")
    waited = live_page.evaluate(
        """async (settings) => {
          const times = [];
          await diffuscope.generate(settings, () => times.push(performance.now()));
          return times[1] - times[0];
        }""",
        RED_CAR | {"steps": 2},
    )
    pace("usual")
    assert waited >= 1400


def test_what_the_embedder_learns_when_it_is_ready(live_page: Page) -> None:
    facts = live_page.evaluate(
        "diffuscope.ready.then(({ model, ...facts }) => ({ name: model.name, ...facts }))"
    )
    threads = live_page.evaluate("Math.min(4, navigator.hardwareConcurrency)")
    assert facts == {"name": "miniature", "backend": "wasm", "adapter": "", "threads": threads}


def test_the_page_is_drawn_with_the_settings_in_the_address(page: Page) -> None:
    page.wait_for_function(
        "globalThis.crossOriginIsolated"
    )  # after which it does not reload by itself any more
    page.goto(page.url + "#prompt=a%20cat&seed=5&steps=2&guidance=1&sampler=euler")
    page.reload()
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    used = page.evaluate(
        "async () => { await diffuscope.ready; return (await diffuscope.generate()).settings; }"
    )
    assert (used["prompt"], used["seed"], used["steps"]) == ("a cat", 5, 2)
    assert (used["guidance"], used["sampler"]) == (1, "euler")
