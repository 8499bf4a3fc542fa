"""The attention is read as it is, and pooled as the page and DAAM do."""

from __future__ import annotations

import pytest
import torch
from diffusers import StableDiffusionPipeline
from torch.nn.functional import interpolate
from torch.testing import assert_close
from transformers import CLIPTokenizer

from export.miniature.judging.readings import (
    LEVELS,
    POOLINGS,
    CaptionWord,
    daam_maps,
    page_maps,
    readings,
    spoken,
    teach,
)
from export.miniature.scenes import grammar

WORDS = [CaptionWord("noun", 0, (3,)), CaptionWord("place", None, (5, 6))]


@pytest.fixture
def layers() -> dict[str, torch.Tensor]:
    """Probabilities [levels, heads, T, side, side] of three layers of different sizes and heads."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"down_blocks.0": (2, 16), "up_blocks.1": (4, 8), "mid_block": (8, 4)}
    return {
        name: torch.randn(len(LEVELS), heads, 77, side, side, generator=generator).mul(3).softmax(2)
        for name, (heads, side) in shapes.items()
    }


def daam(layers: list[torch.Tensor], word: CaptionWord) -> torch.Tensor:
    """DAAM step by step: sum over time, enlarge, clamp, mean over layers × heads, mean over pieces."""
    heads = []
    for layer in layers:
        for head in range(layer.shape[1]):
            summed = sum(layer[level, head] for level in range(len(LEVELS))) / len(LEVELS)
            pieces = [
                interpolate(summed[t][None, None], size=(16, 16), mode="bicubic")[0, 0] for t in word.tokens
            ]
            heads.append(torch.stack([piece.clamp(min=0) for piece in pieces]))
    return torch.stack(heads).mean(0).mean(0)


def page(layers: list[torch.Tensor], word: CaptionWord) -> torch.Tensor:
    """The page step by step: mean over heads, enlarge, mean over layers, pieces and steps, clamp."""
    steps = []
    for level in range(len(LEVELS)):
        sizes = [
            interpolate(layer[level].mean(0)[None], size=(16, 16), mode="bicubic")[0] for layer in layers
        ]
        steps.append(torch.stack([(sum(sizes) / len(sizes))[t] for t in word.tokens]).mean(0))
    return torch.stack(steps).mean(0).clamp(min=0)


def test_pooling_is_the_pages_and_daams(layers: dict[str, torch.Tensor]) -> None:
    found = readings(layers, WORDS, torch.Generator())
    everything, outer = list(layers.values()), [layers["down_blocks.0"], layers["up_blocks.1"]]
    for i, word in enumerate(WORDS):
        assert_close(found["page"][i], page(everything, word), atol=1e-4, rtol=0)
        assert_close(found["without_middle"][i], page(outer, word), atol=1e-4, rtol=0)
        assert_close(found["daam"][i], daam(outer, word), atol=1e-4, rtol=0)
    for i, level in enumerate(LEVELS):
        assert_close(found[str(level)], page_maps([layer[i] for layer in everything], WORDS))
    assert set(found) == {*POOLINGS, *map(str, LEVELS)}


def test_the_random_head_is_one_of_them(layers: dict[str, torch.Tensor]) -> None:
    drawn = [readings(layers, WORDS, torch.Generator().manual_seed(i))["random_head"] for i in range(8)]
    means = [head[None] for layer in layers.values() for head in layer.mean(0)]
    large = [interpolate(head, size=(16, 16), mode="bicubic") for head in means]
    heads = [daam_maps([head], WORDS) for head in large]
    assert all(any(torch.allclose(one, head) for head in heads) for one in drawn)
    assert not all(torch.allclose(one, drawn[0]) for one in drawn)


def test_words_stand_at_their_tokens(miniature_tokenizer: CLIPTokenizer) -> None:
    for scene in map(grammar.scene, range(60)):
        ids = miniature_tokenizer(grammar.caption(scene)).input_ids
        said = spoken(scene, miniature_tokenizer)
        told = [(word, miniature_tokenizer.decode([ids[t] for t in word.tokens]).strip()) for word in said]
        nouns = {word.item: text for word, text in told if word.kind == "noun"}
        for number, item in enumerate(scene.items):
            assert nouns[number] == (item.name if item.count == 1 else grammar.OBJECTS[item.name])
        colours = {word.item: text for word, text in told if word.kind == "colour"}
        assert colours == {i: item.colour for i, item in enumerate(scene.items) if item.colour != "plain"}
        assert [text for word, text in told if word.item is None] == [scene.place]
        for word, text in told:
            if word.kind == "side":  # the first item stands on the scene's side
                assert (text == scene.side) == (word.item == 0)


def test_teaching_yields_probabilities_and_leaves_the_unet_alone(
    miniature_pipeline: StableDiffusionPipeline,
) -> None:
    unet = miniature_pipeline.unet
    before = unet.attn_processors
    scenes = [grammar.scene(i) for i in range(3)]
    seen = list(teach(miniature_pipeline, scenes))
    assert len(seen) == 3
    assert {name.split(".attn2")[0] for name in seen[0]} == {
        name.split(".attn2")[0] for name in before if ".attn2." in name
    }
    for layer in seen[1].values():
        assert layer.shape[0] == len(LEVELS)
        assert layer.shape[3] == layer.shape[4]
        assert_close(layer.sum(2), torch.ones_like(layer.sum(2)), atol=1e-5, rtol=0)
    assert unet.attn_processors == before
    alone = next(teach(miniature_pipeline, scenes[:1]))
    for name, layer in alone.items():
        assert_close(layer, seen[0][name], atol=1e-4, rtol=1e-3)
