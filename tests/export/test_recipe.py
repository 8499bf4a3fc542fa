"""What an export is to make."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from export.checkpoint.architectures import UNET_FAMILY, architecture_named
from export.format.errors import UserError
from export.recipe import Recipe, parse_precisions, spread


def test_four_bits_are_for_the_unet() -> None:
    recipe = Recipe("int8+w4", {"vae_decoder": "fp16"})
    families = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "step")
    assert [recipe.precision_of(name) for name in families] == ["int8", "int8+w4", "fp16", "int8", "fp32"]


def test_the_table_says_which_graphs_a_unet_becomes() -> None:
    small, big = architecture_named("sd1-v"), architecture_named("sd1")
    assert Recipe().unet_graphs(small) == ["unet"]
    assert Recipe().unet_graphs(big) == ["unet", *UNET_FAMILY]


def test_choices_are_above_the_table() -> None:
    small, big = architecture_named("sd1-v"), architecture_named("sd1")
    assert Recipe(self_attention="both").unet_graphs(small) == ["unet", "unet_fused"]
    assert Recipe(attention=("layers",)).unet_graphs(small) == ["unet", "unet_layers"]
    assert Recipe(attention=("pooled",)).unet_graphs(big) == ["unet", "unet_fused"]
    assert Recipe(attention=("bare",), self_attention="plain").unet_graphs(big) == ["unet", "unet_bare"]


def test_a_big_model_is_compared_over_fewer_steps_and_inputs() -> None:
    small, big = SimpleNamespace(parameters=10**7), SimpleNamespace(parameters=10**9)
    assert Recipe().loop_steps(big) < Recipe().loop_steps(small)
    assert len(Recipe().seeds(big)) < len(Recipe().seeds(small))
    assert Recipe(verify_steps=7).loop_steps(big) == 7


def test_the_leak_of_words_is_measured_on_prompts_from_all_over_and_of_a_big_model_on_one() -> None:
    about = SimpleNamespace(prompts=tuple("abcdefg"), defaults=SimpleNamespace(prompt="z"))
    small, big = (SimpleNamespace(parameters=count, about=about) for count in (10**7, 10**9))
    assert Recipe().leak_trials(small) == (["b", "d", "f"], 3, 4)
    assert Recipe().leak_trials(big) == (["d"], 1, 2)
    about.prompts = ()
    assert Recipe().leak_trials(small)[0] == ["z"]
    assert [spread("abc", count) for count in (1, 2, 3, 9)] == [["b"], ["a", "c"], [*"abc"], [*"abc"]]
    assert spread([], 3) == []


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
