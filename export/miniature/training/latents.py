"""The denoiser's training data: latents of the pool's scenes with their token ids and what each token means.

Arrays of N scenes beside the pool:
    moments  float16 [N, 2C, 16, 16]   mean and log variance of the latent
    ids      int16   [N, 7, 77]        token ids of the full caption and of six paraphrases
    roles    uint8   [N, 7, 77]        what each token does, an index of ROLES
    regions  uint8   [N, 7, 77]        what each token speaks of, an index of REGIONS; times speak of the place
    classes  uint8   [N, 2, 2]         of each item: object and colour, 0 = none
    kinds    uint8   [N]               an index of grammar.KINDS
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizer

from export.miniature.scenes import grammar
from export.miniature.scenes.paraphrases import paraphrase
from export.miniature.training.mixed import mixed
from export.miniature.training.pool import CELLS
from export.miniature.training.roles import ROLES, role
from export.miniature.training.tokenizer import SLOTS, pieces
from export.miniature.training.vae import to_tensor

PARAPHRASES = 6
REGIONS = ("-", "item 0", "item 1", "place")
OBJECTS = ("", *grammar.OBJECTS)
COLOURS = ("", "plain", *grammar.COLOURS)
WORDS: dict[str, tuple[tuple[int, ...], type]] = {
    "ids": ((1 + PARAPHRASES, SLOTS), np.int16),
    "roles": ((1 + PARAPHRASES, SLOTS), np.uint8),
    "regions": ((1 + PARAPHRASES, SLOTS), np.uint8),
    "classes": ((2, 2), np.uint8),
    "kinds": ((), np.uint8),
}


class Tokens(NamedTuple):
    """A caption's tokens, filled up to 77 slots."""

    ids: list[int]
    roles: list[int]
    regions: list[int]


def tokenize(said: list[tuple[str, str]], tokenizer: CLIPTokenizer) -> Tokens:
    """Return the tokens of phrases."""
    tokens = Tokens([tokenizer.bos_token_id], [ROLES.index("start")], [0])
    for words, about in said:
        for word in words.split():
            does, ids = role(word), pieces(tokenizer, word)
            region = "-" if does == "silent" else "place" if does == "time" else about
            tokens.ids.extend(ids)
            tokens.roles.extend([ROLES.index(does)] * len(ids))
            tokens.regions.extend([REGIONS.index(region)] * len(ids))
    for values, empty in zip(tokens, (tokenizer.eos_token_id, ROLES.index("silent"), 0), strict=True):
        values.extend([empty] * (SLOTS - len(values)))
    return tokens


def describe(scene: grammar.Scene, tokenizer: CLIPTokenizer) -> dict[str, np.ndarray]:
    """Return one scene's arrays of WORDS."""
    ways = [grammar.phrases(scene), *(paraphrase(scene, i) for i in range(PARAPHRASES))]
    captions = [tokenize(said, tokenizer) for said in ways]
    classes = [(OBJECTS.index(item.name), COLOURS.index(item.colour)) for item in scene.items]
    return {
        **{
            name: np.array([getattr(each, name) for each in captions], WORDS[name][1])
            for name in Tokens._fields
        },
        "classes": np.array([*classes, (0, 0)][:2], np.uint8),
        "kinds": np.array(grammar.KINDS.index(scene.kind), np.uint8),
    }


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: np.ndarray) -> np.ndarray:
    """Return mean and log variance float16 [B, 2C, 16, 16] of pictures uint8 [B, 128, 128, 3]."""
    with mixed(vae.device):
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
