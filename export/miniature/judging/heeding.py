"""Measures which words the cells of an object heed: its noun or colour before all others, small words hardly.

Drawn scenes are shown with noise (teacher forcing), where the masks are known; all words of the caption compete.
"""

from collections.abc import Sequence

import torch
from diffusers import StableDiffusionPipeline

from export.miniature.judging.readings import every_word, page_maps, teach
from export.miniature.scenes import grammar
from export.miniature.scenes.scenes import draw
from export.miniature.training.pool import coverage

NAMING = ("noun", "nouns", "colour")


def heeding(pipeline: StableDiffusionPipeline, scenes: Sequence[grammar.Scene]) -> dict[str, float]:
    """Return what the objects of drawn scenes heed, mean over noise levels and layers.

    `named`: the share of objects in whose cells their own noun or colour has the highest mean attention of all
    words; `small`: the share of the words' attention there that goes to articles and prepositions; `words`: the
    share of all attention there that words receive (start, end and padding have the rest); `count`: objects.
    """
    named, small, all_words = [], [], []
    for scene, layers in zip(scenes, teach(pipeline, list(scenes)), strict=True):
        words = every_word(scene, pipeline.tokenizer)
        maps = page_maps([levels.mean(0) for levels in layers.values()], words)
        maps = maps * torch.tensor([len(word.tokens) for word in words])[:, None, None]
        cells = torch.from_numpy(coverage(draw(scene).masks)).float() / 255
        for i in range(len(scene.items)):
            shares = (maps * cells[i]).sum((1, 2)) / cells[i].sum()
            first = words[int(shares.argmax())]
            silent = torch.tensor([word.kind == "silent" for word in words])
            named.append(first.kind in NAMING and first.item == i)
            small.append(float(shares[silent].sum() / shares.sum()))
            all_words.append(float(shares.sum()))
    count = len(named)
    return {
        "named": sum(named) / count,
        "small": sum(small) / count,
        "words": sum(all_words) / count,
        "count": count,
    }
