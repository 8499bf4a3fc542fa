"""Asks the denoiser which of two captions is true of a drawn scene: the told one, or one with a word changed.

The caption under which the noise is predicted better wins (diffusion classifier, Li et al. 2023,
https://arxiv.org/abs/2303.16203). A word that the model has learned wins nearly always; chance is one half.
"""

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from export.miniature.judging.forcing import latents_of, noised, text_of
from export.miniature.scenes import grammar
from export.miniature.scenes.grammar import Scene

ATTRIBUTES = ("object", "colour", "count", "side", "place", "time")
LEVELS = (600, 750, 900)  # timesteps at which the outline of a picture is decided


def other(scene: Scene, attribute: str) -> Scene:
    """Return the scene with one attribute of its first item, its side, place or time changed."""
    rng, item = Random(f"other {scene.seed}"), scene.items[0]
    choices: dict[str, Iterable[Any]] = {
        "object": grammar.OBJECTS,
        "colour": grammar.COLOURS,
        "count": (2, 3),
        "side": grammar.RELATIONS,
        "place": grammar.PLACES,
        "time": grammar.TIMES,
    }
    field = "name" if attribute == "object" else attribute
    owner: Scene | grammar.Item = scene if attribute in {"side", "place", "time"} else item
    taken = {getattr(one, field) for one in scene.items} if owner is item else {getattr(scene, field)}
    changed = rng.choice([choice for choice in choices[attribute] if choice not in taken])
    if owner is scene:
        return replace(scene, **{field: changed})
    return replace(scene, items=(replace(item, **{field: changed}), *scene.items[1:]))


def fits(scene: Scene, attribute: str) -> bool:
    """Say whether an attribute can be changed in this scene and be seen."""
    told = {"side": scene.kind == "pair", "count": scene.kind == "several"}
    return (told | {"colour": scene.items[0].colour != "plain"}).get(attribute, True)


def v_error(pipeline: StableDiffusionPipeline, z: Tensor, captions: list[str]) -> Tensor:
    """Return each picture's squared error of v [B], summed over the levels, under its caption."""
    text = text_of(pipeline, captions)
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    total = torch.zeros(len(z))
    for level in LEVELS:
        x, v = noised(pipeline, z, noise, level)
        total += (pipeline.unet(x, level, text).sample - v).square().mean((1, 2, 3))
    return total


@torch.no_grad()
def contrast(pipeline: StableDiffusionPipeline, scenes: list[Scene], count: int) -> dict[str, float]:
    """Return for each attribute how often the true caption wins, over at most `count` scenes."""
    result = {}
    for attribute in ATTRIBUTES:
        chosen = [scene for scene in scenes if fits(scene, attribute)][:count]
        wins = 0
        for first in range(0, len(chosen), 32):
            part = chosen[first : first + 32]
            z = latents_of(pipeline, part)
            told = v_error(pipeline, z, [grammar.caption(scene) for scene in part])
            changed = v_error(pipeline, z, [grammar.caption(other(scene, attribute)) for scene in part])
            wins += int((told < changed).sum())
        result[attribute] = wins / max(1, len(chosen))
    return result
