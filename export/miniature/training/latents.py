"""The denoiser's training data: latents of the pool's scenes with their token ids and what each token means.

Arrays of N scenes beside the pool:
    moments  float16 [N, 2C, 16, 16]   mean and log variance of the latent
    ids      int16   [N, 7, 77]        token ids of the full caption and of six paraphrases
    regions  uint8   [N, 7, 77]        what each token speaks of, an index of REGIONS
    classes  uint8   [N, 2, 2]         of each item: object and colour, 0 = none
    kinds    uint8   [N]               an index of grammar.KINDS
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizer

from export.miniature.scenes import grammar
from export.miniature.scenes.paraphrases import paraphrase
from export.miniature.training.pool import CELLS
from export.miniature.training.tokenizer import SLOTS
from export.miniature.training.vae import to_tensor

PARAPHRASES = 6
REGIONS = ("-", "item 0", "item 1", "place")
OBJECTS = ("", *grammar.OBJECTS)
COLOURS = ("", "plain", *grammar.COLOURS)
WORDS: dict[str, tuple[tuple[int, ...], type]] = {
    "ids": ((1 + PARAPHRASES, SLOTS), np.int16),
    "regions": ((1 + PARAPHRASES, SLOTS), np.uint8),
    "classes": ((2, 2), np.uint8),
    "kinds": ((), np.uint8),
}
NUMBERS = {"one", "two", "three", "1", "2", "3", "couple", "pair"}
SILENT = {"a", "an", "the", "of", "to", "in", "on", "at", "by", ",", *NUMBERS}  # words without a place


@cache
def pieces(tokenizer: CLIPTokenizer, word: str) -> list[int]:
    """Return the ids of one word."""
    return tokenizer(word, add_special_tokens=False).input_ids


def tokenize(said: list[tuple[str, str]], tokenizer: CLIPTokenizer) -> tuple[list[int], list[int]]:
    """Return the ids and regions of phrases, filled up to 77 slots."""
    ids, regions = [tokenizer.bos_token_id], [0]
    for words, about in said:
        for word in words.split():
            ids += pieces(tokenizer, word)
            regions += [0 if word in SILENT else REGIONS.index(about)] * len(pieces(tokenizer, word))
    room = SLOTS - len(ids)
    return ids + [tokenizer.eos_token_id] * room, regions + [0] * room


def describe(scene: grammar.Scene, tokenizer: CLIPTokenizer) -> dict[str, np.ndarray]:
    """Return one scene's `ids`, `regions`, `classes` and `kinds`."""
    ways = [grammar.phrases(scene), *(paraphrase(scene, i) for i in range(PARAPHRASES))]
    captions = [tokenize(said, tokenizer) for said in ways]
    classes = [(OBJECTS.index(item.name), COLOURS.index(item.colour)) for item in scene.items]
    return {
        "ids": np.array([ids for ids, _ in captions], np.int16),
        "regions": np.array([regions for _, regions in captions], np.uint8),
        "classes": np.array([*classes, (0, 0)][:2], np.uint8),
        "kinds": np.array(grammar.KINDS.index(scene.kind), np.uint8),
    }


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: np.ndarray) -> np.ndarray:
    """Return mean and log variance float16 [B, 2C, 16, 16] of pictures uint8 [B, 128, 128, 3]."""
    with torch.autocast(vae.device.type, torch.bfloat16):
        latent = vae.encode(to_tensor(pictures, vae.device)).latent_dist
    return torch.cat([latent.mean, latent.logvar], 1).float().cpu().numpy().astype(np.float16)


def build(
    folder: Path,
    vae: AutoencoderKL,
    tokenizer: CLIPTokenizer,
    pool: dict[str, np.ndarray],
    rank: int,
    ranks: int,
) -> None:
    """Write this process's share of the arrays into `folder` (rank 0 must have called `create`)."""
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ("moments", *WORDS)}
    count = len(arrays["kinds"])
    for first in range(rank * 100, count, ranks * 100):
        part = slice(first, min(first + 100, count))
        arrays["moments"][part] = encode(vae, pool["pictures"][part])
        for i in range(part.start, part.stop):
            for name, value in describe(grammar.scene(i), tokenizer).items():
                arrays[name][i] = value


def create(folder: Path, count: int, channels: int) -> None:
    """Make empty arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"moments": ((2 * channels, CELLS, CELLS), np.float16)} | WORDS
    for name, (shape, kind) in shapes.items():
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, (count, *shape)).flush()


def load(folder: Path) -> dict[str, np.ndarray]:
    """Open the arrays."""
    return {name: np.load(folder / f"{name}.npy") for name in ("moments", *WORDS)}
