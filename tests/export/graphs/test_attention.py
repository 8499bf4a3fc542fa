"""The attention that is brought out is the attention that diffusers computes."""

from __future__ import annotations

import math

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor
from torch.testing import assert_close

from export.checkpoint.pipeline import Pipeline
from export.graphs.attention import FusedAttention, PlainAttention, RecordedAttention, recorded_attention
from export.graphs.graphs import DenoisingUNet


class DiffusersProbabilities(AttnProcessor):
    """diffusers' own unfused attention, which keeps what its ``get_attention_scores`` returns."""

    def __init__(self) -> None:
        self.kept: list[torch.Tensor] = []

    def __call__(self, attn: Attention, *args: object, **kwargs: object) -> torch.Tensor:
        scores = attn.get_attention_scores

        def keep(*inputs: torch.Tensor) -> torch.Tensor:
            probabilities = scores(*inputs)  # (B*heads, h*w, T)
            self.kept.append(probabilities.unflatten(0, (-1, attn.heads)))
            return probabilities

        attn.get_attention_scores = keep
        try:
            return super().__call__(attn, *args, **kwargs)
        finally:
            attn.get_attention_scores = scores


@pytest.fixture
def feeds(pipeline: Pipeline) -> dict[str, torch.Tensor]:
    feeds = DenoisingUNet(pipeline).examples(torch.Generator().manual_seed(5))
    return feeds | {"token_gain": torch.ones(1, 77)}


@torch.no_grad()
def test_maps_equal_diffusers_own_probabilities(pipeline: Pipeline, feeds: dict[str, torch.Tensor]) -> None:
    found = DenoisingUNet(pipeline)(**feeds)

    before = pipeline.unet.attn_processors
    kept = DiffusersProbabilities()
    pipeline.unet.set_attn_processor(
        {name: kept if ".attn2." in name else AttnProcessor() for name in before}
    )
    output = pipeline.unet(feeds["latents"], feeds["timestep"], feeds["text"]).sample
    pipeline.unet.set_attn_processor(before)

    sums: dict[int, torch.Tensor] = {}
    for number, probabilities in enumerate(kept.kept):  # (2, heads, h*w, T), in the order of the network
        side = math.isqrt(probabilities.shape[2])
        tokens = probabilities[1].mean(0).T.reshape(77, side, side)
        sums[side] = sums.get(side, torch.zeros_like(tokens)) + tokens
        assert_close(found[f"attention_layer_{number:02}"], tokens, atol=1e-6, rtol=1e-5)
    assert len(found) == 1 + len(sums) + len(kept.kept)
    for side, truth in sums.items():
        assert_close(found[f"attention_{side}"], truth, atol=1e-6, rtol=1e-5)
    assert_close(found["output"], output, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_gain_zero_hides_a_word_from_the_conditional_half_only(
    pipeline: Pipeline, feeds: dict[str, torch.Tensor]
) -> None:
    graph = DenoisingUNet(pipeline)
    plain = graph(**feeds)
    gain = torch.ones(1, 77)
    gain[0, 2] = 0
    hidden = graph(**feeds | {"token_gain": gain})
    assert hidden["attention_8"][2].abs().max() == 0
    # The first layer sees the same picture and the same text: its other words keep their probability.
    assert hidden["attention_8"][3].max() > 0
    assert_close(hidden["output"][0], plain["output"][0], atol=1e-6, rtol=1e-5)
    assert not torch.allclose(hidden["output"][1], plain["output"][1], atol=1e-4)


@torch.no_grad()
def test_gain_scales_the_probability(pipeline: Pipeline, feeds: dict[str, torch.Tensor]) -> None:
    layer = next(
        module for name, module in pipeline.unet.named_modules() if name.endswith("attn2")
    )  # one layer, so that nothing before it depends on the gain
    hidden = torch.randn(2, 16, layer.to_q.in_features, generator=torch.Generator().manual_seed(0))
    maps = []
    for factor in (1.0, 0.5):
        gain = torch.ones(2, 77)
        gain[1, 3] = factor
        found: dict[str, torch.Tensor] = {}
        RecordedAttention(gain, found, "layer")(layer, hidden, feeds["text"])
        maps.append(found["layer"])
    assert_close(maps[1][3], maps[0][3] / 2)
    assert_close(maps[1][4], maps[0][4])


def test_processors_are_put_back(pipeline: Pipeline) -> None:
    before = pipeline.unet.attn_processors
    with pytest.raises(RuntimeError, match="stop"), recorded_attention(pipeline.unet, torch.ones(2, 77)):
        raise RuntimeError("stop")
    assert pipeline.unet.attn_processors == before


@torch.no_grad()
@pytest.mark.parametrize("processor", [PlainAttention(), FusedAttention()])
def test_attention_of_a_vae_equals_diffusers(pipeline: Pipeline, processor: PlainAttention) -> None:
    layer = pipeline.vae.decoder.mid_block.attentions[0]
    picture = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(0))
    assert_close(processor(layer, picture), AttnProcessor()(layer, picture), atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_fused_self_attention_equals_diffusers_and_forms_no_scores(pipeline: Pipeline) -> None:
    layer = next(module for name, module in pipeline.unet.named_modules() if name.endswith("attn1"))
    hidden = torch.randn(2, 64, layer.to_q.in_features, generator=torch.Generator().manual_seed(0))
    truth = AttnProcessor()(layer, hidden)
    with torch.profiler.profile() as profile:
        found = FusedAttention()(layer, hidden)
    assert_close(found, truth, atol=1e-6, rtol=1e-5)
    assert "aten::softmax" not in {event.key for event in profile.key_averages()}
