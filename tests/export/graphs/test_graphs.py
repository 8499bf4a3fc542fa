"""The graphs compute what diffusers computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import LatentConsistencyModelPipeline, StableDiffusionPipeline
from torch.testing import assert_close

from export.checkpoint.pipeline import Pipeline, load_pipeline
from export.graphs.graphs import (
    DenoisingUNet,
    TextEncoder,
    attention_layers,
    graphs_of,
    guidance_embedding,
    prompts_of,
)


def test_layers_are_counted(pipeline: Pipeline) -> None:
    names = [name for name in pipeline.unet.attn_processors if ".attn2." in name]
    assert sum(attention_layers(DenoisingUNet(pipeline)).values()) == len(names) == 7


@torch.no_grad()
def test_text_is_what_diffusers_feeds_the_unet(pipeline: Pipeline) -> None:
    whole = StableDiffusionPipeline.from_pretrained(pipeline.folder)
    cond, uncond = whole.encode_prompt("a red car", "cpu", 1, True, "night")
    ids = torch.tensor([pipeline.token_ids("night"), pipeline.token_ids("a red car")], dtype=torch.int32)
    assert_close(TextEncoder(pipeline)(ids)["text"], torch.cat([uncond, cond]), atol=1e-5, rtol=1e-5)


def test_examples_follow_their_seed(pipeline: Pipeline) -> None:
    for graph in graphs_of(pipeline):
        one, same, other = (graph.examples(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert all(torch.equal(one[name], same[name]) for name in one)
        assert not all(torch.equal(one[name], other[name]) for name in one)


def test_layers_are_named_in_the_order_of_the_network(pipeline: Pipeline) -> None:
    graph = DenoisingUNet(pipeline)
    blocks = [layer.name.rpartition(".attentions.")[0] for layer in graph.layers]
    assert blocks == [
        "down_blocks.0",
        "down_blocks.1",
        "mid_block",
        *["up_blocks.0"] * 2,
        *["up_blocks.1"] * 2,
    ]
    assert [layer.side for layer in graph.layers] == [8, 4, 4, 4, 4, 8, 8]
    with torch.no_grad():
        found = graph(**graph.examples(torch.Generator().manual_seed(0)))
    for layer in graph.layers:
        assert found[layer.output].shape == (77, layer.side, layer.side)


@pytest.mark.parametrize("width", [256, 7])
def test_guidance_is_embedded_as_in_diffusers(width: int) -> None:
    guidance = torch.tensor([7.5])
    truth = LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, guidance, width)
    assert_close(guidance_embedding(guidance, width), truth)


@torch.no_grad()
@pytest.mark.parametrize("row", ["sd2", "sd-turbo", "lcm", "bk-sdm-tiny"])
def test_every_structure_predicts_what_diffusers_does(
    tiny_checkpoint: Callable[[str], Path], row: str
) -> None:
    pipeline = load_pipeline(tiny_checkpoint(row), accept_licence=True)
    graph = DenoisingUNet(pipeline)
    feeds = graph.examples(torch.Generator().manual_seed(3))
    embedding = None
    if pipeline.architecture.guidance == "embedded":
        embedding = LatentConsistencyModelPipeline.get_guidance_scale_embedding(
            None, feeds["guidance"], pipeline.unet.config.time_cond_proj_dim
        )
    else:
        assert "guidance" not in feeds
    assert len(feeds["latents"]) == len(feeds["text"]) == pipeline.batch
    truth = pipeline.unet(feeds["latents"], feeds["timestep"], feeds["text"], timestep_cond=embedding).sample
    found = graph(**feeds | {"token_gain": torch.ones(1, 77)})
    assert_close(found["output"], truth, atol=1e-5, rtol=1e-5)
    for layer in graph.layers:  # the gains of 1 leave probabilities
        assert_close(found[layer.output].sum(0), torch.ones(layer.side, layer.side))


def test_prompts_other_than_the_default_are_tried_where_all_words_may_be_known(pipeline: Pipeline) -> None:
    assert len(prompts_of(pipeline)) > 1
    few = replace(pipeline, about=replace(pipeline.about, known_words=("a", "car")))
    assert prompts_of(few) == prompts_of(pipeline)[:1]
