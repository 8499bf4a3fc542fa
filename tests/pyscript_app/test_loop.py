"""The loop on a made-up model in NumPy: what it feeds, what it yields, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyscript_app.frame import Frame
from pyscript_app.loop import generate
from pyscript_app.model import Model
from pyscript_app.noise import Generator
from pyscript_app.samplers import SAMPLERS
from tests.pyscript_app.fake import (
    LENGTH,
    PICTURE,
    SETTINGS,
    SHAPE,
    SIDES,
    STEPS,
    FakeRuntime,
    collect,
    make_manifest,
)

# Frames


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_frame_says_by_what_its_latent_is_scaled_for_the_network(model: Model, sampler: str) -> None:
    runtime = FakeRuntime()
    for frame, fed in zip(
        collect(replace(SETTINGS, sampler=sampler), model, runtime), runtime.fed("unet"), strict=True
    ):
        seen = np.asarray(frame.latent_in) * frame.scale
        np.testing.assert_allclose(fed["latents"][0].ravel(), seen, rtol=1e-5, atol=1e-4)
        clean, share = math.sqrt(1 - frame.noise_share**2), frame.noise_share
        np.testing.assert_allclose(
            seen, clean * np.asarray(frame.x0) + share * np.asarray(frame.eps), atol=1e-4
        )


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_frames_carry_arrays_of_the_promised_sizes(model: Model, sampler: str) -> None:
    frames = collect(replace(SETTINGS, sampler=sampler), model)
    assert [frame.step for frame in frames] == list(range(1, 1 + frames[0].steps))
    for frame in frames:
        for name in ("latent_in", "latent", "x0", "eps_uncond", "eps_cond", "eps"):
            assert len(getattr(frame, name)) == math.prod(SHAPE), name
        assert {side: len(values) for side, values in frame.attention.items()} == {
            side: LENGTH * side * side for side in SIDES
        }
        area = len(frame.words) * max(SIDES) ** 2
        assert (len(frame.maps), len(frame.mean_maps)) == (area, area)
        assert len(frame.picture) == PICTURE * PICTURE * 4
        assert frame.noise_share == pytest.approx(frame.sigma / math.hypot(frame.sigma, 1))
        assert 0 <= frame.timestep < 1000
    assert (frames[-1].noise_left, frames[-1].latent_scale) == (0, 1)
    for before, after in itertools.pairwise(frames):
        assert after.latent_in == before.latent
        assert before.noise_left == after.noise_share
        # Of unit variance are the latents that the network is fed.
        counts_in_noise = sampler.startswith("euler")
        wanted = math.sqrt(1 - after.noise_share**2) if counts_in_noise else 1
        assert before.latent_scale == pytest.approx(wanted)
        assert after.timestep <= before.timestep


def test_words_are_the_prompt_s_with_their_tokens(model: Model) -> None:
    (frame, *_) = collect(SETTINGS, model)
    assert [word.text for word in frame.words] == ["a", "red", "zeppelin", ",", "a", "boat"]
    slots = [slot for word in frame.words for slot in word.tokens]
    assert slots == list(range(1, 1 + len(slots)))
    # In the made-up attention graph a word's share is the mean of its map.
    maps = np.asarray(frame.maps).reshape(len(frame.words), -1)
    assert [word.share for word in frame.words] == pytest.approx(maps.mean(1), abs=1e-6)


def test_mean_maps_are_the_mean_of_the_steps(model: Model) -> None:
    frames = collect(replace(SETTINGS, gains={"red": 2}), model)
    for i, frame in enumerate(frames, 1):
        mean = np.mean([earlier.maps for earlier in frames[:i]], 0)
        np.testing.assert_allclose(frame.mean_maps, mean, atol=1e-5)


def test_the_empty_prompt_has_no_words(model: Model) -> None:
    (frame, *_) = collect(replace(SETTINGS, prompt=""), model)
    assert (frame.words, len(frame.maps), len(frame.mean_maps)) == ((), 0, 0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_step_s_picture_is_its_x0_and_the_last_one_the_result(model: Model, sampler: str) -> None:
    frames = collect(replace(SETTINGS, sampler=sampler), model)
    for frame in frames:
        shown = frame.latent if frame is frames[-1] else frame.x0
        decoded = FakeRuntime.vae_decoder(np.reshape(shown, (1, *SHAPE)))["picture"]
        np.testing.assert_allclose(frame.picture, decoded.ravel(), rtol=1e-6)
    # The two differ, or the above would say nothing.
    assert frames[0].latent != frames[0].x0


def test_timings_are_the_clock_s_milliseconds(model: Model) -> None:
    seconds = itertools.count()

    async def run() -> list[Frame]:
        return [frame async for frame in generate(SETTINGS, model, FakeRuntime(), lambda: next(seconds))]

    for frame in asyncio.run(run()):
        ms = frame.ms
        assert (ms.unet, ms.step, ms.attention, ms.decode) == (1000, 1000, 1000, 1000)


# What the graphs are fed


def test_both_prompts_are_encoded_the_negative_one_first(model: Model) -> None:
    runtime = FakeRuntime()
    collect(SETTINGS, model, runtime)
    (feeds,) = runtime.fed("text_encoder")
    encode = model.tokenizer.encode
    assert feeds["input_ids"].tolist() == [encode(SETTINGS.negative), encode(SETTINGS.prompt)]


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_guidance_0_and_1_are_one_prediction_exactly(
    models: Callable[..., Model], sampler: str, prediction_type: str
) -> None:
    model = models(prediction_type=prediction_type)
    for guidance, half, other in ((0, "eps_uncond", "eps_cond"), (1, "eps_cond", "eps_uncond")):
        for frame in collect(replace(SETTINGS, sampler=sampler, guidance=guidance), model):
            assert frame.eps == getattr(frame, half)
            assert frame.eps != getattr(frame, other)


def test_gains_reach_the_unet(model: Model) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, gains={"a": 0.5, "Zeppelin": 2}), model, runtime)
    expected = np.ones((1, LENGTH), np.float32)
    for word in frames[0].words:
        expected[0, list(word.tokens)] = {"a": 0.5, "zeppelin": 2}.get(word.text, 1)
    assert len(runtime.fed("unet")) == STEPS
    for feeds in runtime.fed("unet"):
        np.testing.assert_array_equal(feeds["token_gain"], expected)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_first_latent_is_the_seed_s_noise_and_its_scaled_form_is_fed(model: Model, sampler: str) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, sampler=sampler), model, runtime)
    noise = np.asarray(Generator(SETTINGS.seed).randn(math.prod(SHAPE)))
    scale = np.asarray(frames[0].latent_in) / noise
    np.testing.assert_allclose(scale, scale[0], rtol=1e-5)
    for frame, feeds in zip(frames, runtime.fed("unet"), strict=True):
        counts_in_noise_levels = sampler.startswith("euler")
        shrunk = 1 / math.hypot(frame.sigma, 1) if counts_in_noise_levels else 1
        expected = np.reshape(frame.latent_in, SHAPE) * shrunk
        np.testing.assert_allclose(feeds["latents"][1], expected, rtol=1e-4, atol=1e-5)
        assert feeds["timestep"] == pytest.approx(frame.timestep)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_fresh_noise_is_drawn_only_by_samplers_that_add_it(model: Model, sampler: str) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, sampler=sampler), model, runtime)
    assert ("noise" in frames[0].update) == SAMPLERS[sampler].adds_noise
    random, n = Generator(SETTINGS.seed), math.prod(SHAPE)
    random.randn(n)  # the first latent
    for frame, feeds in zip(frames, runtime.fed("step"), strict=True):
        expected = random.randn(n) if "noise" in frame.update else np.zeros(n, np.float32)
        np.testing.assert_array_equal(feeds["noise"].ravel(), expected)


def test_a_seed_decides_the_run(model: Model) -> None:
    runs = [collect(replace(SETTINGS, seed=seed), model)[-1].latent for seed in (7, 7, 8)]
    assert runs[0] == runs[1] != runs[2]


# Guidance that is none of the loop's business


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("guidance", ["embedded", "none"])
def test_a_model_that_guides_itself_runs_once_a_step(
    models: Callable[..., Model], guidance: str, sampler: str
) -> None:
    model, runtime = models(guidance=guidance), FakeRuntime(batch=1)
    frames = collect(replace(SETTINGS, sampler=sampler), model, runtime)
    (feeds,) = runtime.fed("text_encoder")
    assert feeds["input_ids"].tolist() == [model.tokenizer.encode(SETTINGS.prompt)]
    assert len(runtime.fed("unet")) == len(frames)
    for frame in frames:
        assert frame.eps_uncond == frame.eps_cond == frame.eps


def test_the_strength_is_told_to_models_with_embedded_guidance(models: Callable[..., Model]) -> None:
    runtime = FakeRuntime(batch=1)
    strong = collect(SETTINGS, models(guidance="embedded"), runtime)
    assert [feeds["guidance"].tolist() for feeds in runtime.fed("unet")] == [[SETTINGS.guidance - 1]] * STEPS
    weak = collect(replace(SETTINGS, guidance=1), models(guidance="embedded"), FakeRuntime(batch=1))
    assert strong[0].eps != weak[0].eps


@pytest.mark.parametrize("guidance", ["classifier-free", "none"])
def test_other_models_know_no_such_input(models: Callable[..., Model], guidance: str) -> None:
    runtime = FakeRuntime(batch=2 if guidance == "classifier-free" else 1)
    collect(SETTINGS, models(guidance=guidance), runtime)
    assert all("guidance" not in feeds for feeds in runtime.fed("unet"))


def test_without_guidance_its_strength_changes_nothing(models: Callable[..., Model]) -> None:
    runs = [
        collect(replace(SETTINGS, guidance=guidance), models(guidance="none"), FakeRuntime(batch=1))
        for guidance in (0, 1, 7.5)
    ]
    assert runs[0][-1].latent == runs[1][-1].latent == runs[2][-1].latent


def test_a_manifest_that_is_silent_means_classifier_free(tiny_tokenizer: Path) -> None:
    vocab, merges = ((tiny_tokenizer / name).read_text("utf-8") for name in ("vocab.json", "merges.txt"))
    silent = {name: part for name, part in make_manifest(vocab).items() if name != "guidance"}
    assert (Model(silent, vocab, merges).guidance, Model(silent, vocab, merges).batch) == (
        "classifier-free",
        2,
    )
