"""Seconds that diffusers takes for the same picture in torch: ``python -m tests.benchmarks.torch_picture FOLDER``."""

from __future__ import annotations

import json
import sys
import time
from statistics import median

from tests.benchmarks.page import ROUNDS, SETTINGS


def seconds(folder: str) -> float:
    """Median time of one picture, after a first one to warm up."""
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        generator = torch.Generator().manual_seed(SETTINGS["seed"])
        pipeline(
            SETTINGS["prompt"], num_inference_steps=SETTINGS["steps"], guidance_scale=3.0, generator=generator
        )
        times.append(time.perf_counter() - began)
    return median(times[1:])


if __name__ == "__main__":
    print(json.dumps(seconds(sys.argv[1])))
