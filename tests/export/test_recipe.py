"""What an export is to make."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from export.errors import UserError
from export.recipe import Recipe, parse_precisions, scores_bytes


def pipeline(side: int, heads: Any = 8, parameters: int = 10**9, batch: int = 2) -> Any:
    """As much of a pipeline as a recipe looks at."""
    unet = SimpleNamespace(config=SimpleNamespace(attention_head_dim=heads))
    return SimpleNamespace(latent_shape=(4, side, side), unet=unet, parameters=parameters, batch=batch)


def test_four_bits_are_for_the_unet() -> None:
    recipe = Recipe("int8+w4", {"vae_decoder": "fp16"})
    families = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "step")
    assert [recipe.precision_of(name) for name in families] == ["int8", "int8+w4", "fp16", "int8", "fp32"]


def test_the_scores_of_stable_diffusion() -> None:
    """8 heads, 4,096 cells and two halves: the 1.07 GB of a 512×512 picture."""
    assert scores_bytes(pipeline(64)) == 2 * 8 * 4096**2 * 4
    assert scores_bytes(pipeline(64, [5, 10, 20, 20], batch=1)) == 5 * 4096**2 * 4


def test_large_scores_are_worth_a_fused_graph_beside_the_plain_one() -> None:
    recipe = Recipe(attention=("pooled", "layers"))
    assert recipe.unet_graphs(pipeline(16)) == ["unet", "unet_layers"]
    names = ["unet", "unet_fused", "unet_layers", "unet_layers_fused"]
    assert recipe.unet_graphs(pipeline(64)) == names
    assert replace(recipe, self_attention="both").unet_graphs(pipeline(16)) == names
    assert replace(recipe, self_attention="plain").unet_graphs(pipeline(64)) == ["unet", "unet_layers"]


def test_a_big_model_is_compared_over_fewer_steps() -> None:
    assert Recipe().loop_steps(pipeline(64)) < Recipe().loop_steps(pipeline(16, parameters=10**7))
    assert Recipe(verify_steps=7).loop_steps(pipeline(64)) == 7


def test_precisions_are_said_for_all_graphs_or_for_one() -> None:
    assert parse_precisions([]) == ("int8", {})
    assert parse_precisions(["int8+w4", "vae_decoder=fp16"]) == ("int8+w4", {"vae_decoder": "fp16"})


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"precision": "int3"}, "no precision int3; choose one of fp32"),
        ({"exceptions": {"unet": "int3"}}, "no precision int3"),
        ({"exceptions": {"step": "int8"}}, "no graph with weights step"),
        ({"attention": ("all",)}, "no attention all"),
        ({"self_attention": "both-ish"}, "no self-attention both-ish"),
    ],
)
def test_a_choice_that_there_is_not(choices: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Recipe(**choices)
