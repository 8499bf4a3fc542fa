"""Measures the denoiser by noise level: how well it predicts v on drawn scenes, and where their nouns look."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from export.miniature.judging.forcing import latents_of, noised, text_of
from export.miniature.judging.readings import spoken
from export.miniature.scenes.grammar import Scene, caption
from export.miniature.scenes.scenes import draw
from export.miniature.training.attention import record
from export.miniature.training.pool import coverage

LEVELS = (100, 300, 500, 700, 900)  # timesteps
SIDES = (16, 8)  # of the attention maps
BATCH = 32


class Lesson(NamedTuple):
    """What the UNet made of a batch of drawn scenes at one level of noise."""

    level: int  # timestep
    error: Tensor  # [B, 16, 16], squared error of v
    masks: Tensor  # [B, 2, 16, 16], how much of each cell an item covers
    nouns: list[tuple[int, int, int]]  # of every noun the scene, the item and the (last) token slot
    maps: dict[int, Tensor]  # side: attention [B, side², 77], mean over heads and layers


def teach(pipeline: StableDiffusionPipeline, scenes: list[Scene]) -> Iterator[Lesson]:
    """Show drawn scenes with noise to the UNet at every level, one batch at a time (teacher forcing)."""
    before = pipeline.unet.attn_processors
    maps, generator = record(pipeline.unet), torch.Generator().manual_seed(0)
    try:
        for first in range(0, len(scenes), BATCH):
            part = scenes[first : first + BATCH]
            masks = torch.from_numpy(np.stack([coverage(draw(scene).masks) for scene in part])).float() / 255
            z, text = latents_of(pipeline, part), text_of(pipeline, [caption(scene) for scene in part])
            words = [(b, word) for b, scene in enumerate(part) for word in spoken(scene, pipeline.tokenizer)]
            nouns = [
                (b, word.item, word.tokens[-1])
                for b, word in words
                if word.item is not None and word.kind == "noun"
            ]
            noise = torch.randn(z.shape, generator=generator)
            for level in LEVELS:
                maps.clear()
                x, v = noised(pipeline, z, noise, level)
                error = (pipeline.unet(x, level, text).sample - v).square().mean(1)
                means = {side: torch.stack(maps[side]).mean(0) for side in SIDES}
                yield Lesson(level, error, masks, nouns, means)
    finally:
        pipeline.unet.set_attn_processor(before)


def hits(lesson: Lesson, side: int) -> tuple[float, float]:
    """Count the nouns whose strongest cell lies inside their object, and how many would by chance."""
    inside = (adaptive_avg_pool2d(lesson.masks, side) > 0.5).flatten(2).float()  # [B, 2, side²]
    found = chance = 0.0
    for b, item, token in lesson.nouns:
        found += float(inside[b, item, lesson.maps[side][b, :, token].argmax()])
        chance += float(inside[b, item].mean())
    return found, chance


@torch.no_grad()
def levels(pipeline: StableDiffusionPipeline, scenes: list[Scene]) -> dict[str, dict[str, float]]:
    """Return by noise level the v-error on objects and elsewhere, and how often nouns look at theirs."""
    sums: dict[str, dict[str, float]] = {}
    for lesson in teach(pipeline, scenes):
        covered = lesson.masks.sum(1).clamp(max=1)
        parts = {"nouns": float(len(lesson.nouns))}
        for name, mask in (("object", covered), ("rest", 1 - covered)):
            parts |= {name: float((lesson.error * mask).sum()), f"{name}_area": float(mask.sum())}
        for side in SIDES:
            parts[f"hits_{side}"], parts[f"chance_{side}"] = hits(lesson, side)
        level = sums.setdefault(str(lesson.level), dict.fromkeys(parts, 0.0))
        for name, value in parts.items():
            level[name] += value
    ratios = {f"{part}_v_mse": (part, f"{part}_area") for part in ("object", "rest")}
    ratios |= {f"{what}_{side}": (f"{what}_{side}", "nouns") for what in ("hits", "chance") for side in SIDES}
    return {
        level: {name: total[above] / total[below] for name, (above, below) in ratios.items()}
        for level, total in sums.items()
    }
