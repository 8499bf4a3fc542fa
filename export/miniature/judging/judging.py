"""How the judge learns from drawn scenes, half of them seen through the autoencoder, and how well it judges.

It must know every combination of object, colour and place equally well, those too that the denoiser never
sees; its scenes are others than those of the evaluation.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import torch
from diffusers import AutoencoderKL
from torch import Generator, Tensor
from torch.nn import functional

from export.graphs.tracing import trace
from export.miniature.judging.judge import ABOUT, CELL, COLOURS, GRAPH, MEANING, OBJECTS, PLACES, TIMES, Judge
from export.miniature.judging.segmenter import JudgeGraph, Naming, Segmenter
from export.miniature.judging.tasks import shares
from export.miniature.scenes.backgrounds import SIDE
from export.miniature.scenes.grammar import Scene, scene
from export.miniature.scenes.scenes import draw
from export.miniature.training.config import JudgeSettings, Settings
from export.miniature.training.mixed import mixed
from export.miniature.training.trainer import Trainer, state
from export.miniature.training.vae import FRESH, open_trained, to_pixels, to_tensor
from export.weights.quantize import compress
from export.weights.weights import embed

LESSONS = FRESH + 1_000_000  # first seed of the scenes that the judge learns from
EXAM = FRESH + 2_000_000  # and of those that it is measured on
UNSEEN = 6  # one scene in six shows held-out combinations, which are a sixth of all
UNTOLD = 255  # the colour of cells that show nothing or an object without a colour word
BATCH = 25  # pictures at a time through the autoencoder


class Lessons(NamedTuple):
    """Pictures and what they show, for N scenes; classes are indices of the judge's names."""

    pictures: Tensor  # uint8 [N, 3, 128, 128]
    objects: Tensor  # uint8 [N, 64, 64], 0 = nothing
    colours: Tensor  # uint8 [N, 64, 64], UNTOLD where no word says it
    places: Tensor  # uint8 [N]
    times: Tensor  # uint8 [N]


def lesson(seed: int) -> Scene:
    """Return a scene such that all combinations of object, colour and place come equally often."""
    return scene(seed, unseen=seed % UNSEEN == 0)


def answers(one: Scene, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return objects and colours uint8 [64, 64] of a scene with masks [items, 128, 128].

    A cell belongs to an item that covers at least half of it.
    """
    side = SIDE // CELL
    covered = masks.reshape(-1, side, CELL, side, CELL).mean((2, 4)) >= 127.5
    objects, colours = np.zeros((side, side), np.uint8), np.full((side, side), UNTOLD, np.uint8)
    for item, inside in zip(one.items, covered, strict=True):
        objects[inside] = 1 + OBJECTS.index(item.name)
        colours[inside] = UNTOLD if item.colour == "plain" else COLOURS.index(item.colour)
    return objects, colours


@torch.no_grad()
def through(vae: AutoencoderKL, pictures: np.ndarray, noise: float, generator: Generator) -> np.ndarray:
    """Encode and decode pictures uint8 [N, 128, 128, 3], each with up to `noise` on its latent.

    Latents have deviation 1; noise on them blurs and bends a picture as an unfinished denoiser does.
    """
    seen = []
    for part in np.split(pictures, range(BATCH, len(pictures), BATCH)):
        with mixed(vae.device):
            z = vae.encode(to_tensor(part, vae.device)).latent_dist.mode().float()
            level = noise * torch.rand(len(z), 1, 1, 1, generator=generator).to(vae.device)
            z = z + level * torch.randn(z.shape, generator=generator).to(vae.device)
            seen.append(to_pixels(vae.decode(z).sample))
    return np.concatenate(seen)


def prepare(settings: JudgeSettings, vae: AutoencoderKL, generator: Generator) -> Lessons:
    """Draw the scenes to learn from, and send every second one through the autoencoder."""
    scenes = [lesson(LESSONS + i) for i in range(settings.scenes)]
    drawn = [draw(one) for one in scenes]
    pictures = np.stack([picture.pixels for picture in drawn])
    pictures[1::2] = through(vae, pictures[1::2], settings.noise, generator)
    cells = [answers(one, picture.masks) for one, picture in zip(scenes, drawn, strict=True)]
    objects, colours = (torch.from_numpy(np.stack(maps)) for maps in zip(*cells, strict=True))
    places = torch.tensor([PLACES.index(one.place) for one in scenes], dtype=torch.uint8)
    times = torch.tensor([TIMES.index(one.time) for one in scenes], dtype=torch.uint8)
    return Lessons(torch.from_numpy(pictures).permute(0, 3, 1, 2), objects, colours, places, times)


def draw_batch(lessons: Lessons, count: int, generator: Generator) -> Lessons:
    """Pick scenes; half of them are turned left to right."""
    picks = torch.randint(len(lessons.places), (count,), generator=generator)
    batch = [part[picks] for part in lessons]
    turned = torch.rand(count, generator=generator) < 0.5
    for part in batch[:3]:
        part[turned] = part[turned].flip(-1)
    return Lessons(*batch)


def disturb(x: Tensor, generator: Generator) -> Tensor:
    """Make pictures [B, 3, H, W] in -1 to 1 softer, fainter, lighter or darker, and noisy."""
    share = torch.rand(5, len(x), 1, 1, 1, generator=generator)
    soft = functional.avg_pool2d(x, 5, 1, 2, count_include_pad=False)
    x = x + share[0] * (share[1] < 0.5) * (soft - x)
    middle = x.mean((1, 2, 3), keepdim=True)
    x = middle + (0.7 + 0.5 * share[2]) * (x - middle) + 0.3 * (share[3] - 0.5)
    x = x * (1 + 0.06 * (torch.rand(len(x), 3, 1, 1, generator=generator) - 0.5))
    return x + 0.1 * share[4] * torch.randn(x.shape, generator=generator)


def loss(naming: Naming, truth: Lessons) -> tuple[Tensor, dict[str, float]]:
    """Return the sum of the four cross-entropies, and each.

    Objects and the cells around them, which tell neighbours of one kind apart, count five times.
    """
    objects, colours = truth.objects.long(), truth.colours.long()
    thing = (objects > 0).float()
    weight = 1 + 4 * functional.max_pool2d(thing[:, None], 7, 1, 3)[:, 0]
    wrong = functional.cross_entropy(naming.objects, objects, reduction="none")
    parts = {
        "objects": (weight * wrong).sum() / weight.sum(),
        "colours": functional.cross_entropy(naming.colours, colours, ignore_index=UNTOLD),
        "places": functional.cross_entropy(naming.places, truth.places.long()),
        "times": functional.cross_entropy(naming.times, truth.times.long()),
    }
    return torch.stack(list(parts.values())).sum(), {name: part.item() for name, part in parts.items()}


def train(settings: Settings, vae: AutoencoderKL, folder: Path) -> Segmenter:
    """Train the segmenter to the end of its budget, or go on from its checkpoint in `folder`."""
    torch.manual_seed(settings.seed)
    options, device = settings.judge, state().device
    segmenter = Segmenter(options.channels).to(device)
    trainer = Trainer.of("judge", {"judge": segmenter}, settings, options, folder)
    if trainer.progress < 1:
        lessons = prepare(options, vae, Generator().manual_seed(settings.seed))

    def step(progress: float, generator: Generator) -> tuple[Tensor, int, dict[str, float]]:
        batch = draw_batch(lessons, options.batch, generator)
        x = disturb(batch.pictures.float() / 127.5 - 1, generator)
        x = x.to(device, memory_format=torch.channels_last)
        with mixed(device):
            naming = segmenter(x)
        truth = Lessons(*(part.to(device) for part in batch))
        error, numbers = loss(Naming(*(logits.float() for logits in naming)), truth)
        return error, options.batch, numbers

    trainer.run(step)
    trainer.use_ema()
    return segmenter.cpu().eval()


def write(segmenter: Segmenter, folder: Path) -> None:
    """Write the graph, its weights as 8-bit integers, and what its outputs mean into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).write_text(json.dumps(MEANING, indent=2) + "\n")
    traced = trace(JudgeGraph(segmenter))
    weights = compress([traced.model], traced.weights, "int8")
    onnx.save(embed(traced.model, weights), folder / GRAPH)


def measure(judge: Judge, vae: AutoencoderKL, count: int) -> dict[str, Any]:
    """Score the judge on `count` drawn scenes that it has not seen, sent through the autoencoder.

    The `control` scores each picture against another scene: what chance alone would reach.
    """
    scenes = [lesson(EXAM + i) for i in range(count)]
    pictures = through(vae, np.stack([draw(one).pixels for one in scenes]), 0, Generator())
    verdicts = judge.look(pictures)
    right, chance = shares(scenes, verdicts), shares(scenes, verdicts, shift=1)
    return {
        "scenes": count,
        "accuracy": {task: result["score"] for task, result in right.items()},
        "counts": {task: result["count"] for task, result in right.items()},
        "control": {task: result["score"] for task, result in chance.items()},
    }


def run(settings: Settings, weights: Path, folder: Path, count: int, threads: int = 1) -> dict[str, Any]:
    """Train a judge for the pipeline in `weights`, write it to `weights/judge` and return what was measured.

    Args:
        settings: of the run.
        weights: a diffusers folder; only its autoencoder is used.
        folder: for the checkpoint and the log; a run there goes on, and one that is done is only measured.
        count: scenes to measure on.
        threads: of torch.

    Raises:
        UserError: `weights` holds no autoencoder.
    """
    vae = open_trained(weights)
    torch.set_num_threads(threads)
    folder.mkdir(parents=True, exist_ok=True)
    out = weights / "judge"
    write(train(settings, vae, folder), out)
    measured = measure(Judge(out), vae, count)
    (out / ABOUT).write_text(json.dumps(MEANING | measured, indent=2) + "\n")
    return measured
