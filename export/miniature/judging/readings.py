"""Reads what the words of drawn scenes look at: the cross-attention, pooled as on the page and in other ways.

Drawn scenes have exact masks, so drawn scenes are shown to the UNet with noise (teacher forcing). DAAM (Tang
et al. 2022, https://arxiv.org/abs/2210.04885) pools over time first, then enlarges, clamps, and averages.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor
from torch.nn.functional import interpolate

from export.graphs.attention import PlainAttention
from export.graphs.word_maps import WordMaps
from export.miniature.judging.forcing import latents_of, noised, text_of
from export.miniature.scenes import grammar
from export.miniature.training.roles import role
from export.miniature.training.tokenizer import pieces
from pyscript_app.attention import word_selector

LEVELS = (200, 400, 600, 800)  # timesteps; the page too shows the mean over its steps
POOLINGS = ("page", "without_middle", "daam", "random_head")
BATCH = 16
KINDS = {"noun": ("noun", "nouns"), "colour": ("colour",), "place": ("place",), "side": ("side",)}  # by role


class CaptionWord(NamedTuple):
    """A word of a caption: its kind, the item that it speaks of (None: the place), and its token slots."""

    kind: str
    item: int | None
    tokens: tuple[int, ...]


def every_word(scene: grammar.Scene, tokenizer: Any) -> list[CaptionWord]:
    """List all words of a scene's caption; the kind of each is its role."""
    words, slot = [], 1
    for phrase, about in grammar.phrases(scene):
        for text in phrase.split():
            count = len(pieces(tokenizer, text))
            item = int(about.split()[1]) if about.startswith("item") else None
            words.append(CaptionWord(role(text), item, tuple(range(slot, slot + count))))
            slot += count
    return words


def spoken(scene: grammar.Scene, tokenizer: Any) -> list[CaptionWord]:
    """List the scored words of a scene's caption."""
    return [
        word._replace(kind=kind)
        for word in every_word(scene, tokenizer)
        for kind, roles in KINDS.items()
        if word.kind in roles
    ]


class HeadAttention(PlainAttention):
    """Cross-attention that keeps the probabilities of its last call, head by head."""

    def weigh(self, probabilities: Tensor) -> Tensor:
        """Keep the probabilities as [B, heads, T, side, side] in `kept`, and change nothing."""
        side = round(probabilities.shape[2] ** 0.5)
        self.kept = probabilities.transpose(2, 3).unflatten(3, (side, side))
        return probabilities


@torch.no_grad()
def teach(pipeline: StableDiffusionPipeline, scenes: list[grammar.Scene]) -> Iterator[dict[str, Tensor]]:
    """Show drawn scenes with noise to the UNet at every level and yield what each scene's words looked at.

    Yields for each scene the attention [levels, heads, T, side, side] of each layer, by the layer's name.
    """
    unet, before = pipeline.unet, pipeline.unet.attn_processors
    layers = {name: HeadAttention() for name in before if ".attn2." in name}
    unet.set_attn_processor({name: layers.get(name, PlainAttention()) for name in before})
    generator = torch.Generator().manual_seed(0)
    try:
        for first in range(0, len(scenes), BATCH):
            part = scenes[first : first + BATCH]
            z, text = latents_of(pipeline, part), text_of(pipeline, [grammar.caption(s) for s in part])
            noise = torch.randn(z.shape, generator=generator)
            seen: dict[str, list[Tensor]] = {name: [] for name in layers}
            for level in LEVELS:
                unet(noised(pipeline, z, noise, level)[0], level, text)
                for name, layer in layers.items():
                    seen[name].append(layer.kept)
            yield from (
                {name: torch.stack([kept[i] for kept in levels]) for name, levels in seen.items()}
                for i in range(len(part))
            )
    finally:
        unet.set_attn_processor(before)


def page_maps(layers: list[Tensor], words: list[CaptionWord]) -> Tensor:
    """Pool as the page does, with its own graph: layers weigh the same, clamped at the end.

    Takes one [heads, T, side, side] a layer, returns one [S, S] a word, S being the largest side.
    """
    counts = Counter(layer.shape[-1] for layer in layers)
    length = layers[0].shape[1]
    feeds = {f"attention_{side}": torch.zeros(length, side, side) for side in counts}
    for layer in layers:
        feeds[f"attention_{layer.shape[-1]}"] += layer.mean(0)
    selector = torch.tensor(word_selector(words, length)).reshape(length, length)  # type: ignore[arg-type]
    total, count = torch.zeros(length, max(counts), max(counts)), torch.ones(1)
    return WordMaps(counts, length)(**feeds, words=selector, total=total, count=count)["maps"][: len(words)]


def daam_maps(layers: list[Tensor], words: list[CaptionWord]) -> Tensor:
    """Pool as DAAM does: heads weigh the same, each clamped; shapes as in `page_maps`."""
    side = max(layer.shape[-1] for layer in layers)
    heads = torch.cat([interpolate(layer, size=side, mode="bicubic").clamp(min=0) for layer in layers])
    tokens = heads.mean(0)  # (T, S, S)
    return torch.stack([tokens[list(word.tokens)].mean(0) for word in words])


def readings(
    layers: dict[str, Tensor], words: list[CaptionWord], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the maps [words, S, S] of one scene under each of POOLINGS, and the page's at each of LEVELS.

    `layers` are those that `teach` yields; the generator draws the random head.
    """
    means = {name: levels.mean(0) for name, levels in layers.items()}
    outer = [layer for name, layer in means.items() if not name.startswith("mid_block")]
    heads = [head for layer in means.values() for head in layer.split(1)]
    drawn = heads[int(torch.randint(len(heads), (1,), generator=generator))]
    side = max(layer.shape[-1] for layer in outer)
    pooled = (
        page_maps(list(means.values()), words),
        page_maps(outer, words),
        daam_maps(outer, words),
        daam_maps([interpolate(drawn, size=side, mode="bicubic")], words),
    )
    levels = {
        str(level): page_maps([each[i] for each in layers.values()], words) for i, level in enumerate(LEVELS)
    }
    return dict(zip(POOLINGS, pooled, strict=True)) | levels
