"""Measures finished weights: the autoencoder, the denoiser by noise level, where words look, and a sheet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from diffusers.models.attention_processor import AttnProcessor2_0
from PIL import Image
from torch import Tensor
from torch.nn import functional

from export.errors import UserError
from export.miniature import grammar
from export.miniature.attention import record
from export.miniature.contrast import contrast
from export.miniature.latents import REGIONS, describe
from export.miniature.pool import coverage
from export.miniature.scenes import draw, sheet
from export.miniature.vae import FRESH, fresh_psnr, to_tensor

LEVELS = (100, 300, 500, 700, 900)  # timesteps
BATCH = 32


def load(folder: Path) -> StableDiffusionPipeline:
    """Open a diffusers folder in float32."""
    if not (folder / "model_index.json").exists():
        raise UserError(f"{folder} holds no pipeline: train one with `diffuscope miniature train`.")
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def teach(pipeline: StableDiffusionPipeline, scenes: list[grammar.Scene]) -> Iterator[dict[str, Tensor]]:
    """Show drawn scenes with noise to the UNet at every level, one batch at a time (teacher forcing).

    Yields `level`, the squared error of v [B, 16, 16], the `masks` of both items [B, 2, 16, 16], the
    `regions` of the tokens [B, 77] and the attention `maps_16` and `maps_8` [B, side², 77].
    """
    maps, alphas = record(pipeline.unet), pipeline.scheduler.alphas_cumprod
    generator = torch.Generator().manual_seed(0)
    for first in range(0, len(scenes), BATCH):
        part = scenes[first : first + BATCH]
        drawn = [draw(scene) for scene in part]
        said = [describe(scene, pipeline.tokenizer) for scene in part]
        masks = torch.from_numpy(np.stack([coverage(picture.masks) for picture in drawn])).float() / 255
        z = pipeline.vae.encode(to_tensor(np.stack([picture.pixels for picture in drawn]))).latent_dist.mode()
        words = pipeline.text_encoder(torch.tensor(np.stack([s["ids"][0] for s in said])).long())
        regions = torch.tensor(np.stack([s["regions"][0] for s in said])).long()
        noise = torch.randn(z.shape, generator=generator)
        for level in LEVELS:
            maps.clear()
            a = alphas[level]
            v = pipeline.unet(a.sqrt() * z + (1 - a).sqrt() * noise, level, words.last_hidden_state).sample
            error = (v - (a.sqrt() * noise - (1 - a).sqrt() * z)).square().mean(1)
            means = {f"maps_{side}": torch.stack(maps[side]).mean(0) for side in (16, 8)}
            yield {"level": torch.tensor(level), "error": error, "masks": masks, "regions": regions} | means


def hits(maps: Tensor, masks: Tensor, regions: Tensor, nouns: Tensor) -> tuple[float, float, int]:
    """Count nouns whose strongest cell lies inside their object, the same by chance, and all nouns."""
    side = round(maps.shape[1] ** 0.5)
    inside = (functional.adaptive_avg_pool2d(masks, side) > 0.5).flatten(2).float()  # [B, 2, side²]
    found = chance = 0.0
    for b, token in nouns.nonzero().tolist():
        mask = inside[b, regions[b, token] - 1]
        found += float(mask[maps[b, :, token].argmax()])
        chance += float(mask.mean())
    return found, chance, int(nouns.sum())


@torch.no_grad()
def denoising(pipeline: StableDiffusionPipeline, scenes: list[grammar.Scene]) -> dict[str, dict[str, float]]:
    """Return by noise level the v-error on objects and elsewhere, and how often nouns look at theirs."""
    sums: dict[str, dict[str, float]] = {}
    for seen in teach(pipeline, scenes):
        level = sums.setdefault(str(int(seen["level"])), {})
        mask, regions = seen["masks"].sum(1).clamp(max=1), seen["regions"]
        last = functional.pad(regions[:, 1:], (0, 1))  # an item's last word is its noun
        nouns = (regions != last) & (regions > 0) & (regions < REGIONS.index("place"))
        parts: dict[str, Any] = {"object": (seen["error"] * mask).sum(), "objects": mask.sum()}
        parts |= {"rest": (seen["error"] * (1 - mask)).sum(), "rests": (1 - mask).sum()}
        for side in (16, 8):
            found, chance, count = hits(seen[f"maps_{side}"], seen["masks"], regions, nouns)
            parts |= {f"hits_{side}": found, f"chance_{side}": chance, "nouns": count}
        for name, value in parts.items():
            level[name] = level.get(name, 0.0) + float(value)
    return {
        level: {
            "object_v_mse": s["object"] / s["objects"],
            "rest_v_mse": s["rest"] / s["rests"],
            **{
                f"{what}_{side}": s[f"{what}_{side}"] / s["nouns"]
                for what in ("hits", "chance")
                for side in (16, 8)
            },
        }
        for level, s in sums.items()
    }


@torch.no_grad()
def paint(
    pipeline: StableDiffusionPipeline, prompts: list[str], steps: int, guidance: float, seed: int = 0
) -> list[np.ndarray]:
    """Draw prompts as uint8 [128, 128, 3]; picture `i` has the seed `seed + i`."""
    pictures: list[Image.Image] = []
    for first in range(0, len(prompts), BATCH):
        part = prompts[first : first + BATCH]
        seeds = [torch.Generator().manual_seed(seed + first + i) for i in range(len(part))]
        options = {"num_inference_steps": steps, "guidance_scale": guidance, "generator": seeds}
        pictures += pipeline(part, **options).images
    return [np.asarray(picture) for picture in pictures]


def held_out(count: int) -> list[grammar.Scene]:
    """Return scenes made of combinations that training never saw: singles, several and pairs."""
    return [grammar.scene(FRESH + i, unseen=True) for i in range(count)]


def evaluate(
    folder: Path, *, count: int = 128, pictures: int = 48, steps: int = 10, guidance: float = 2.0
) -> dict[str, Any]:
    """Measure the weights in `folder`; write `evaluation.json` and `held_out.png` beside them."""
    pipeline = load(folder)
    scenes = held_out(max(count, pictures))
    results: dict[str, Any] = {
        "vae_psnr": fresh_psnr(pipeline.vae, count),
        "held_out_scenes": count,
        "levels": denoising(pipeline, scenes[:count]),
        "steps": steps,
        "guidance": guidance,
    }
    results["true_caption_wins"] = contrast(pipeline, held_out(8 * count), count)
    pipeline.unet.set_attn_processor(AttnProcessor2_0())
    shown = scenes[:pictures]
    drawn = paint(pipeline, [grammar.caption(scene) for scene in shown], steps, guidance)
    sheet(shown, pictures=drawn).save(folder / "held_out.png", optimize=True)
    (folder / "evaluation.json").write_text(json.dumps(results, indent=2) + "\n")
    return results
