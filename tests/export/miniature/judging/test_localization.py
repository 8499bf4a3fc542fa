"""Planted maps have known overlaps; the truth at the maps' resolution beats every control."""

from __future__ import annotations

import json

import pytest
import torch
from diffusers import StableDiffusionPipeline
from torch.nn.functional import adaptive_avg_pool2d

from export.miniature.judging.localization import (
    THRESHOLDS,
    Sample,
    compare,
    display,
    localization,
    overlaps,
    sample,
    score,
)
from export.miniature.judging.readings import LEVELS, POOLINGS, CaptionWord
from export.miniature.scenes import grammar

HALF = THRESHOLDS.index(0.5)


def block(left: int, right: int, side: int) -> torch.Tensor:
    """A map [side, side] that is one from column `left` up to `right` (of 16), else zero."""
    columns = torch.arange(side) * 16 // side
    return ((columns >= left) & (columns < right)).float().expand(side, side)


def planted(read: str = "own") -> Sample:
    """Two scenes of two objects: the first stands left, the second right of it."""
    spans = [(0, 4), (8, 16), (0, 8), (12, 16)]
    truth = torch.stack([block(*span, 128) for span in spans]).bool()
    own = torch.stack([block(*span, 16) for span in spans])
    maps = {"own": own, "other": own[[1, 0, 3, 2]]}[read]
    words = [CaptionWord("noun", i % 2, (i + 1,)) for i in range(4)]
    readings = dict.fromkeys((*POOLINGS, *map(str, LEVELS)), maps)
    return Sample(words, [0, 0, 1, 1], truth, readings | {"ceiling": adaptive_avg_pool2d(truth.float(), 16)})


@pytest.mark.parametrize(
    ("span", "overlap"), [((0, 8), 1.0), ((0, 12), 2 / 3), ((4, 12), 1 / 3), ((8, 16), 0.0)]
)
def test_planted_maps_have_known_overlaps(span: tuple[int, int], overlap: float) -> None:
    truth = block(0, 8, 128).bool()[None]
    found = overlaps(block(*span, 16)[None] * 0.01 + 3, truth)  # neither offset nor strength matters
    assert float(found[0, HALF]) == pytest.approx(overlap, abs=1e-6)


def test_a_map_without_any_contrast_covers_nothing() -> None:
    assert float(display(torch.ones(1, 16, 16)).abs().max()) == 0
    assert float(overlaps(torch.ones(1, 16, 16), block(0, 8, 128).bool()[None]).max()) == 0


def test_the_threshold_comes_from_the_tuning_sample() -> None:
    truth = block(0, 8, 128).bool()[None]
    ramp = (torch.arange(16.0) / 15).flip(0).expand(1, 16, 16)  # falls from left to right: half is above 0.5
    word = [CaptionWord("noun", 0, (1,))]
    tuning = Sample(word, [0], block(0, 12, 128).bool()[None], {"page": ramp})
    test = Sample(word, [0], truth, {"page": ramp})
    assert score(test, test, "page").threshold == 0.5
    told = score(tuning, test, "page")
    assert told.threshold == 0.25
    assert told.miou == pytest.approx(float(overlaps(ramp, truth)[0, THRESHOLDS.index(0.25)]))
    assert told.miou < score(test, test, "page").miou


def test_right_maps_reach_the_ceiling_and_swapped_ones_none() -> None:
    found = compare(planted(), planted())
    assert found["miou"] == found["words"]["noun"]["ceiling"] == pytest.approx(1, abs=0.01)
    assert found["pairs"]["right_word"] == found["miou"]
    assert found["pairs"]["wrong_word"] == 0
    assert found["words"]["noun"]["count"] == 4
    assert found["words"]["noun"]["whole_picture"] == pytest.approx(6 / 16)
    swapped = compare(planted(), planted("other"))
    assert swapped["miou"] == 0
    assert swapped["pairs"]["wrong_word"] == found["miou"]


def test_the_truth_is_what_the_renderer_drew(miniature_pipeline: StableDiffusionPipeline) -> None:
    scenes = [grammar.scene(i) for i in range(2)]
    seen = sample(miniature_pipeline, scenes)
    for i in range(2):
        masks = {word.item: seen.truth[j] for j, word in enumerate(seen.words) if seen.scene[j] == i}
        items = torch.stack([mask for item, mask in masks.items() if item is not None])
        assert torch.equal(masks[None], ~items.any(0))
        assert 0.01 < float(items.any(0).float().mean()) < 0.7


def test_an_untrained_model_stays_below_the_ceiling(miniature_pipeline: StableDiffusionPipeline) -> None:
    found = localization(miniature_pipeline, [grammar.scene(i, unseen=True) for i in range(8)])
    assert json.loads(json.dumps(found)) == found
    assert found["scenes"] == 8
    noun = found["words"]["noun"]
    others = [noun["centre"], noun["whole_picture"], noun["miou"], *found["readings"].values()]
    assert noun["ceiling"] > 0.8 > max(others)
    assert set(found["levels"]) == set(map(str, LEVELS))
