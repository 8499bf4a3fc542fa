"""A run that begins at a picture, against diffusers' StableDiffusionImg2ImgPipeline; and on float graphs, going on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline

from export.native.runtime import NativeRuntime
from pyscript_app.course import noise_shares
from pyscript_app.few_step import GAMMA
from pyscript_app.loop import Settings, Start
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from tests.pyscript_app.fake import FakeRuntime, make_model
from tests.pyscript_app.fake import collect as collect_fake
from tests.pyscript_app.twins import KINDS, SCHEDULERS, Pair, collect, use_scheduler

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE = 64


@cache
def picture() -> np.ndarray:
    """Soft colours [H, W, 4], 0 to 255."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    planes = [np.sin(3 * rows), np.cos(4 * columns), np.sin(5 * rows * columns), np.ones_like(rows)]
    return np.stack([(plane + 1) * 127.5 for plane in planes], -1).round()


def test_the_encoded_picture_is_that_of_diffusers(pairs: Pair) -> None:
    pipeline, runtime, _ = pairs("epsilon")
    torch.testing.assert_close(
        torch.from_numpy(encoded(runtime)), expected_latent(pipeline), rtol=1e-4, atol=1e-4
    )


def encoded(runtime: NativeRuntime) -> np.ndarray:
    planes = (picture()[..., :3].transpose(2, 0, 1)[None] / 127.5 - 1).astype(np.float32)
    return runtime.run_now("vae_encoder", {"picture": planes})["latent"]


def expected_latent(pipeline: object) -> torch.Tensor:
    """The mean of what the encoder gives, where diffusers draws from around it."""
    pixels = torch.from_numpy(picture()[None] / 255)[..., :3].permute(0, 3, 1, 2).float()
    with torch.no_grad():
        mean = pipeline.vae.encode(pixels * 2 - 1).latent_dist.mean
    return mean * pipeline.vae.config.scaling_factor


@pytest.mark.parametrize(("steps", "strength"), [(6, 0.5), (5, 1.0), (4, 0.75)])
@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_latent_agrees_with_diffusers(
    pairs: Pair, kind: str, sampler: str, steps: int, strength: float
) -> None:
    pipeline, runtime, model = pairs(kind)
    twin = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    twin.set_progress_bar_config(disable=True)
    use_scheduler(twin, sampler)
    expected: list[np.ndarray] = []

    def note(_pipe: object, _step: int, _time: object, values: dict) -> dict:
        expected.append(values["latents"].numpy().copy())
        return values

    final = twin(
        "a red car on the beach at sunset",
        image=expected_latent(pipeline),
        strength=strength,
        negative_prompt="night",
        num_inference_steps=steps,
        guidance_scale=3.0,
        eta=GAMMA if sampler == "tcd" else 0.0,
        generator=torch.Generator().manual_seed(5),
        callback_on_step_end=note,
        output_type="np",
    ).images[0]
    settings = Settings("a red car on the beach at sunset", "night", 5, steps, 3.0, sampler)
    frames = collect(settings, model, runtime, Start(picture().ravel().tolist(), strength))
    assert [frame.step for frame in frames] == list(range(1, 1 + len(expected)))
    rounding = np.abs(frames[0].latent_in).max() * np.finfo(np.float32).eps
    for frame, latent in zip(frames, expected, strict=True):
        scale = max(1.0, float(np.abs(latent).max()))
        np.testing.assert_allclose(frame.latent, latent.ravel(), rtol=0, atol=1e-4 * scale + rounding)
    drawn = np.asarray(frames[-1].picture).reshape(SIZE, SIZE, 4)[..., :3]
    assert np.abs(drawn - np.round(final * 255)).max() <= 1


@pytest.mark.parametrize("sampler", SCHEDULERS)
def test_on_real_graphs_a_run_goes_on_bit_for_bit(pairs: Pair, sampler: str) -> None:
    _, runtime, model = pairs("v")
    settings = Settings("a red car", seed=3, steps=5, sampler=sampler)
    whole = collect(settings, model, runtime)
    for frame in (whole[0], whole[2]):
        again = collect(settings, model, runtime, frame.state)
        assert [replace(each, ms=None) for each in again] == [
            replace(each, ms=None) for each in whole[frame.step :]
        ]


def test_a_slot_cut_everywhere_is_the_empty_prompt_on_real_graphs(pairs: Pair) -> None:
    _, runtime, model = pairs("epsilon")
    settings = Settings("a red car", seed=3, steps=2)
    plain, empty = (collect(replace(settings, prompt=prompt), model, runtime) for prompt in ("a red car", ""))
    ways = {way: dict.fromkeys(("a", "red", "car", "<padding>"), way) for way in ("alone", "cut")}
    alone, cut = (collect(replace(settings, slots=ways[way]), model, runtime) for way in ("alone", "cut"))
    assert alone[-1].latent == plain[-1].latent != empty[-1].latent
    assert cut[-1].latent == empty[-1].latent


# What cannot be begun with

GREY = [128.0] * (16 * 16 * 4)


@pytest.mark.parametrize(
    ("strength", "code"),
    [(0.0, "strength-little"), (0.32, "strength-little"), (-0.1, "strength-range"), (1.1, "strength-range"),
     (True, "strength-range"), (float("nan"), "strength-range"), ("1", "strength-range")],
)  # fmt: skip
def test_a_strength_that_leaves_no_step_is_refused(model: Model, strength: float, code: str) -> None:
    with pytest.raises(RefusalError) as refused:
        collect_fake(Settings("a boat", steps=3), model, start=Start(GREY, strength))
    assert refused.value.code == code


def test_the_least_strength_that_is_named_draws(model: Model) -> None:
    for steps in (1, 3, 7, 30):
        with pytest.raises(RefusalError) as refused:
            Start(GREY, 0.0).first_step(steps)
        assert Start(GREY, refused.value.values["least"]).first_step(steps) == steps - 1


@pytest.mark.parametrize("sampler", ["ddim", "pndm", "euler"])
def test_the_noise_of_each_step_is_known_beforehand(model: Model, sampler: str) -> None:
    settings = Settings("a boat", steps=4, sampler=sampler)
    shares = noise_shares(settings, model)
    assert [frame.noise_share for frame in collect_fake(settings, model)] == shares
    begun = collect_fake(settings, model, start=Start(GREY, 0.5))
    assert [frame.noise_share for frame in begun] == shares[2:]


def test_a_picture_of_another_size_is_refused(model: Model) -> None:
    runtime = FakeRuntime()
    with pytest.raises(RefusalError, match="must be 16 × 16 pixels"):
        collect_fake(Settings(steps=3), model, runtime, start=Start(GREY[4:], 0.5))
    assert not runtime.feeds


def test_a_model_without_an_encoder_says_so(tiny_tokenizer: object) -> None:
    model = make_model(tiny_tokenizer, graphs=["vae_decoder"])
    with pytest.raises(RefusalError, match="exported without its encoder"):
        collect_fake(Settings(steps=3), model, start=Start(GREY, 0.5))
