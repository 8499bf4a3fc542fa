"""The whole loop on exported float graphs against diffusers' own pipeline: every latent of every step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pyscript_app.few_step import GAMMA
from pyscript_app.loop import Settings
from tests.pyscript_app.twins import KINDS, SCHEDULERS, Pair, collect, use_scheduler

PROMPTS = [("a red car on the beach at sunset", ""), ("three balloons", "city at night"), ("", "")]
SEEDS = [(0, 3), (1, 2**32 + 5), (2, 7)]
RUNS = [(*prompts, seed) for prompts, seeds in zip(PROMPTS, SEEDS, strict=True) for seed in seeds]
STEPS = 4

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("guidance", [1.0, 3.0, 7.5])
@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_latent_agrees_with_diffusers(pairs: Pair, kind: str, sampler: str, guidance: float) -> None:
    pipeline, runtime, model = pairs(kind)
    use_scheduler(pipeline, sampler)
    expected: list[np.ndarray] = []

    def note(_pipe: object, _step: int, _time: object, values: dict) -> dict:
        expected.append(values["latents"].numpy().copy())
        return values

    # All pictures in one batch: each has its own generator, as if it were drawn alone.
    prompts, negatives, seeds = zip(*RUNS, strict=True)
    finals = pipeline(
        list(prompts),
        negative_prompt=list(negatives),
        num_inference_steps=STEPS,
        guidance_scale=guidance,
        eta=GAMMA if sampler == "tcd" else 0.0,
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        callback_on_step_end=note,
        output_type="np",
    ).images
    for i, (prompt, negative, seed) in enumerate(RUNS):
        frames = collect(Settings(prompt, negative, seed, STEPS, guidance, sampler), model, runtime)
        rounding = np.abs(frames[0].latent_in).max() * np.finfo(np.float32).eps
        for frame, latents in zip(frames, expected, strict=True):
            latent = latents[i].ravel()
            # Samplers that count in noise levels begin with latents of thousands (zero terminal SNR): relative to
            # the largest, and diffusers adds such numbers in float32, whose rounding stays when they shrink.
            scale = max(1.0, float(np.abs(latent).max()))
            np.testing.assert_allclose(frame.latent, latent, rtol=0, atol=1e-4 * scale + rounding)
        picture = np.asarray(frames[-1].picture).reshape(64, 64, 4)[..., :3]
        assert np.abs(picture - np.round(finals[i] * 255)).max() <= 1
