"""The loop's twins in diffusers: a pipeline, and its float export with the loop's model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

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
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, Start, State, generate
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
# As the miniature: v prediction, zero terminal SNR; and as Stable Diffusion 1.5.
KINDS = {
    "v": {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
    "epsilon": {"prediction_type": "epsilon"},
}

Pair = Callable[[str], tuple[StableDiffusionPipeline, NativeRuntime, Model]]


def make_pairs(tiny_pipeline: Callable[..., Path], once: Once) -> Pair:
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


def use_scheduler(pipeline: Any, sampler: str) -> None:
    """Have a pipeline of diffusers sample like one of the loop's samplers."""
    pipeline.scheduler = SCHEDULERS[sampler].from_config(
        pipeline.scheduler.config, **OPTIONS.get(sampler, {})
    )


def collect(
    settings: Settings, model: Model, runtime: NativeRuntime, start: Start | State | None = None
) -> list[Frame]:
    """All frames of a run."""

    async def run() -> list[Frame]:
        return [frame async for frame in generate(settings, model, runtime, start=start)]

    return asyncio.run(run())
