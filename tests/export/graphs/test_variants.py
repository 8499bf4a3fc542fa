"""All variants of a UNet compute the same from the same weights."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from export.checkpoint.pipeline import Pipeline
from export.graphs.graphs import DenoisingUNet
from export.graphs.tracing import Traced, largest_tensor, trace
from export.graphs.variants import variants_of
from tests.export.graphs.test_tracing import run

SUMS, LAYERS = ["attention_8", "attention_4"], [f"attention_layer_{number:02}" for number in range(7)]


@pytest.fixture(scope="module")
def unet(pipeline: Pipeline) -> Traced:
    return trace(DenoisingUNet(pipeline))


@pytest.fixture(scope="module")
def variants(unet: Traced) -> dict[str, onnx.ModelProto]:
    return variants_of(unet.model)


@pytest.mark.parametrize("ending", ["", "_fused"])
@pytest.mark.parametrize(("name", "maps"), [("unet", SUMS), ("unet_layers", LAYERS), ("unet_bare", [])])
@torch.no_grad()
def test_every_variant_computes_what_torch_does(
    unet: Traced, variants: dict[str, onnx.ModelProto], name: str, maps: list[str], ending: str
) -> None:
    feeds = unet.graph.examples(torch.Generator().manual_seed(3))
    truth = unet.graph(**feeds)
    found = run(variants[name + ending], unet, feeds)
    assert list(found) == ["output", *maps]
    for output, value in found.items():
        np.testing.assert_allclose(value, truth[output].numpy(), atol=1e-5, rtol=1e-5, err_msg=output)


def test_only_the_fused_ones_need_more_than_standard_operators(variants: dict[str, onnx.ModelProto]) -> None:
    for name, model in variants.items():
        kinds = [node.op_type for node in model.graph.node if node.domain]
        assert kinds == (["MultiHeadAttention"] * 7 if name.endswith("_fused") else [])
        assert [opset.domain for opset in model.opset_import] == [
            "",
            *sorted(set(kinds) and {"com.microsoft"}),
        ]


def test_variants_read_the_same_weights_and_have_no_idle_nodes(
    unet: Traced, variants: dict[str, onnx.ModelProto]
) -> None:
    for model in variants.values():
        graph = model.graph
        assert [value.name for value in graph.input] == [value.name for value in unet.model.graph.input]
        assert set(unet.sources) <= {tensor.name for tensor in graph.initializer}
        read = {name for node in graph.node for name in node.input}
        assert {tensor.name for tensor in graph.initializer} <= read
        for node in graph.node:
            assert {*node.output} & (read | {value.name for value in graph.output})
    sizes = {name: len(model.graph.node) for name, model in variants.items()}
    assert sizes["unet_bare"] < sizes["unet_layers"] < sizes["unet"]


def test_a_variant_tells_its_own_largest_tensor(variants: dict[str, onnx.ModelProto]) -> None:
    """Every value of every variant has a shape: at full size the scores are the largest by far."""
    for model in variants.values():
        graph = model.graph
        shaped = {value.name: value for value in (*graph.value_info, *graph.output)}
        assert {name for node in graph.node for name in node.output} == set(shaped)
    scores = max(
        np.prod([side.dim_value for side in value.type.tensor_type.shape.dim])
        for value in variants["unet"].graph.value_info
        if value.name.endswith("/probabilities")
    )
    assert scores == 2 * 4 * 64 * 64  # two halves, four heads, 8×8 cells each way
    assert largest_tensor(variants["unet"]) >= 4 * scores


def test_the_trace_is_left_as_it_was(unet: Traced) -> None:
    before = unet.model.SerializeToString(deterministic=True)
    variants_of(unet.model)
    assert unet.model.SerializeToString(deterministic=True) == before
