"""Scores where words look: do the attention maps that the page draws cover what their words name?

A map, enlarged to the picture and stretched to 0 to 1, is cut at a threshold, and what is left is compared
with the renderer's mask: intersection over union, averaged over (picture, word), as DAAM is scored (Tang et
al. 2022, https://arxiv.org/abs/2210.04885). The thresholds are tuned on scenes of their own.
"""

from typing import Any, NamedTuple

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from export.miniature.judging.readings import KINDS, LEVELS, POOLINGS, CaptionWord, readings, spoken, teach
from export.miniature.scenes import grammar
from export.miniature.scenes.scenes import SIDE, draw
from export.miniature.training.pool import CELLS
from export.miniature.training.vae import FRESH

THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(1, 20))
TUNING = FRESH + 500_000  # first seed of the scenes that thresholds are tuned on


class Sample(NamedTuple):
    """Scored words of some scenes."""

    words: list[CaptionWord]
    scene: list[int]  # which scene each word is of
    truth: Tensor  # [N, 128, 128] bool, where what it names is
    maps: dict[str, Tensor]  # reading: [N, S, S]

    def of(self, kind: str) -> "Sample":
        """Return the words of one kind."""
        kept = [i for i, word in enumerate(self.words) if word.kind == kind]
        maps = {reading: found[kept] for reading, found in self.maps.items()}
        return Sample([self.words[i] for i in kept], [self.scene[i] for i in kept], self.truth[kept], maps)


def sample(pipeline: StableDiffusionPipeline, scenes: list[grammar.Scene]) -> Sample:
    """Read the attention on drawn scenes."""
    words, owners, truths = [], [], []
    maps: dict[str, list[Tensor]] = {}
    generator = torch.Generator().manual_seed(0)
    for i, (scene, layers) in enumerate(zip(scenes, teach(pipeline, scenes), strict=True)):
        said, masks = spoken(scene, pipeline.tokenizer), torch.from_numpy(draw(scene).masks > 127)
        words += said
        owners += [i] * len(said)
        truths += [~masks.any(0) if word.item is None else masks[word.item] for word in said]
        for reading, found in readings(layers, said, generator).items():
            maps.setdefault(reading, []).append(found)
    truth = torch.stack(truths)
    ceiling = {"ceiling": adaptive_avg_pool2d(truth.float(), CELLS)}
    return Sample(words, owners, truth, {name: torch.cat(found) for name, found in maps.items()} | ceiling)


def display(maps: Tensor) -> Tensor:
    """Enlarge maps [N, S, S] to the picture bicubically and stretch each to 0 to 1: [N, 128, 128]."""
    shown = interpolate(maps[:, None], size=SIDE, mode="bicubic")[:, 0]
    low, high = shown.amin((1, 2), keepdim=True), shown.amax((1, 2), keepdim=True)
    return (shown - low) / (high - low).clamp(min=1e-12)


def overlaps(maps: Tensor, truth: Tensor) -> Tensor:
    """Return the intersection over union [N, thresholds] of displayed maps with the truth [N, 128, 128]."""
    shown, columns = display(maps), []
    for threshold in THRESHOLDS:
        cut = shown > threshold
        columns.append((cut & truth).sum((1, 2)) / (cut | truth).sum((1, 2)).clamp(min=1))
    return torch.stack(columns, 1)


class Score(NamedTuple):
    """A mean intersection over union, and the threshold that another sample chose for it."""

    miou: float
    threshold: float


def score(tuning: Sample, test: Sample, reading: str) -> Score:
    """Choose the threshold of a reading on one sample and report on the other."""
    best = int(overlaps(tuning.maps[reading], tuning.truth).mean(0).argmax())
    return Score(float(overlaps(test.maps[reading], test.truth)[:, best].mean()), THRESHOLDS[best])


def pairs(nouns: Sample, threshold: float) -> dict[str, float]:
    """Score in scenes of two objects each noun's own map, and the other noun's, on the same masks."""
    couples = [
        (i, j)
        for i, (scene, word) in enumerate(zip(nouns.scene, nouns.words, strict=True))
        for j in range(len(nouns.words))
        if nouns.scene[j] == scene and nouns.words[j].item != word.item
    ]
    if not couples:
        return {}
    right, wrong = (list(indices) for indices in zip(*couples, strict=True))
    column, maps, truth = THRESHOLDS.index(threshold), nouns.maps["page"], nouns.truth[right]
    named = {"right_word": maps[right], "wrong_word": maps[wrong]}
    return {name: float(overlaps(chosen, truth)[:, column].mean()) for name, chosen in named.items()}


def compare(tuning: Sample, test: Sample) -> dict[str, Any]:
    """Score every kind of word and every reading on `test`, with thresholds tuned on `tuning`."""
    words = {}
    for kind in KINDS:
        tuned, tested = tuning.of(kind), test.of(kind)
        if not (tuned.words and tested.words):
            continue
        for part in (tuned, tested):
            part.maps["centre"] = tuned.truth.float().mean(0).expand(len(part.words), -1, -1)
        words[kind] = score(tuned, tested, "page")._asdict() | {
            "count": len(tested.words),
            "ceiling": score(tuned, tested, "ceiling").miou,
            "centre": score(tuned, tested, "centre").miou,
            "whole_picture": float(tested.truth.float().mean()),
        }
    nouns = tuning.of("noun"), test.of("noun")
    return {
        "miou": words["noun"]["miou"],
        "words": words,
        "readings": {name: score(*nouns, name).miou for name in POOLINGS},
        "levels": {str(level): score(*nouns, str(level)).miou for level in LEVELS},
        "pairs": pairs(nouns[1], words["noun"]["threshold"]),
    }


def localization(pipeline: StableDiffusionPipeline, scenes: list[grammar.Scene]) -> dict[str, Any]:
    """Score the attention on drawn `scenes`; the thresholds come from half as many others.

    Returns what fits JSON: `miou` of the objects' nouns; `words` by kind, beside the truth at the maps' own
    resolution (`ceiling`), the usual place of such things (`centre`) and the whole picture; `readings` of the
    nouns with other poolings and of one head drawn by lot; `levels` of noise; in `pairs` the noun's own map
    and the other noun's on the same mask.
    """
    others = [grammar.scene(TUNING + i) for i in range(max(8, len(scenes) // 2))]
    found = compare(sample(pipeline, others), sample(pipeline, scenes))
    return {"scenes": len(scenes), "tuning_scenes": len(others)} | found
