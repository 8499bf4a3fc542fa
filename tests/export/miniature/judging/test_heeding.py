"""Which words an object heeds, with attention that is planted."""

import pytest
import torch
from diffusers import StableDiffusionPipeline

from export.miniature.judging import heeding as module
from export.miniature.judging.heeding import heeding
from export.miniature.judging.readings import every_word, spoken
from export.miniature.scenes.grammar import Item, Scene

SCENE = Scene((Item("car", "red"),), "beach", "night", seed=3)


def test_every_word_is_listed_with_its_tokens(miniature_pipeline: StableDiffusionPipeline) -> None:
    words = every_word(SCENE, miniature_pipeline.tokenizer)
    assert [word.kind for word in words] == [
        "silent",
        "colour",
        "noun",
        "silent",
        "silent",
        "place",
        "silent",
        "time",
    ]
    assert [word.item for word in words] == [0, 0, 0, None, None, None, None, None]
    assert [slot for word in words for slot in word.tokens] == list(range(1, 9))
    assert [word.kind for word in spoken(SCENE, miniature_pipeline.tokenizer)] == ["colour", "noun", "place"]


@pytest.mark.parametrize(("slot", "named", "small"), [(3, 1.0, 0.25), (4, 0.0, 0.8)])
def test_the_word_that_is_heeded_most(
    slot: int,
    named: float,
    small: float,
    miniature_pipeline: StableDiffusionPipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attention = torch.zeros(4, 1, 77, 16, 16)
    attention[:, :, 1] = 0.1  # "a"
    attention[:, :, 3] = 0.1
    attention[:, :, slot] = 0.3  # the car's own slot, or that of "on"
    monkeypatch.setattr(module, "teach", lambda pipeline, scenes: iter([{"layer": attention}] * len(scenes)))
    found = heeding(miniature_pipeline, [SCENE] * 2)
    assert found["count"] == 2
    assert found["named"] == named
    assert found["small"] == pytest.approx(small, abs=1e-3)
    assert found["words"] == pytest.approx(0.4 if slot == 3 else 0.5, abs=1e-3)
