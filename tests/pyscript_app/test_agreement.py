"""The whole loop on exported float graphs against diffusers' own pipeline: every latent of every step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    TCDScheduler,
)

from export.checkpoint.checkpoint import PARTS
from export.checkpoint.pipeline import load_pipeline
from export.exporter import export_pipeline
from export.native.runtime import NativeRuntime
from export.recipe import Recipe
from pyscript_app.few_step import GAMMA
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, generate
from pyscript_app.model import Model
from tests.conftest import Once

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "euler-ancestral": EulerAncestralDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "pndm": PNDMScheduler,
    "lcm": LCMScheduler,
    "tcd": TCDScheduler,
}
# Stable Diffusion's own choice; without it PNDM begins with Runge-Kutta steps.
OPTIONS = {"pndm": {"skip_prk_steps": True}}
PROMPTS = [("a red car on the beach at sunset", ""), ("three balloons", "city at night"), ("", "")]
SEEDS = [(0, 3), (1, 2**32 + 5), (2, 7)]
RUNS = [(*prompts, seed) for prompts, seeds in zip(PROMPTS, SEEDS, strict=True) for seed in seeds]
STEPS = 4
# As the miniature: v prediction, zero terminal SNR; and as Stable Diffusion 1.5.
KINDS = {
    "v": {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
    "epsilon": {"prediction_type": "epsilon"},
}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pairs(
    tiny_pipeline: Callable[..., Path], once: Once
) -> Callable[[str], tuple[StableDiffusionPipeline, NativeRuntime, Model]]:
    """A kind's pipeline in diffusers, and its float export with the loop's model."""
    recipe = Recipe("fp32", attention=("pooled",), self_attention="plain")
    out = once("model-agreement", lambda out: export_pipeline(tiny_pipeline(**KINDS["epsilon"]), out, recipe))
    runtime = NativeRuntime(out, threads=1)
    names = runtime.manifest["tokenizer"]
    vocab, merges = ((out / names[file]).read_text("utf-8") for file in ("vocab", "merges"))

    @cache
    def pair(kind: str) -> tuple[StableDiffusionPipeline, NativeRuntime, Model]:
        pipeline = load_pipeline(tiny_pipeline(**KINDS[kind]))
        parts = {name: getattr(pipeline, name) for name in PARTS}
        diffusers = StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
        diffusers.set_progress_bar_config(disable=True)
        # The kinds share their weights, so the graphs too: what is predicted is the scheduler's matter.
        manifest = runtime.manifest | {"scheduler": pipeline.scheduler_fields}
        return diffusers, runtime, Model(manifest, vocab, merges)

    return pair


def collect(settings: Settings, model: Model, runtime: NativeRuntime) -> list[Frame]:
    async def run() -> list[Frame]:
        return [frame async for frame in generate(settings, model, runtime)]

    return asyncio.run(run())


@pytest.mark.parametrize("guidance", [1.0, 3.0, 7.5])
@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_latent_agrees_with_diffusers(
    pairs: Callable, kind: str, sampler: str, guidance: float
) -> None:
    pipeline, runtime, model = pairs(kind)
    pipeline.scheduler = SCHEDULERS[sampler].from_config(
        pipeline.scheduler.config, **OPTIONS.get(sampler, {})
    )
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
