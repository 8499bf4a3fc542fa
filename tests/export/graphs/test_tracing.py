"""A traced graph computes what torch computes, holds no weights, and comes back from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from export.checkpoint.pipeline import Pipeline, load_pipeline
from export.graphs.graphs import DenoisingUNet, TextEncoder, graphs_of
from export.graphs.tracing import Graph, Traced, largest_tensor, load, trace
from export.weights.weights import embed

ROWS = ("sd2-v", "lcm", "bk-sdm-tiny")  # linear projections; batch 1 and guidance; no middle block


def run(model: onnx.ModelProto, traced: Traced, feeds: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """Run a copy of ``model`` with its weights inside."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    embed(whole, traced.weights)
    onnx.checker.check_model(whole, full_check=not any(node.domain for node in whole.graph.node))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options)
    names = [value.name for value in session.get_outputs()]
    values = session.run(None, {name: value.numpy() for name, value in feeds.items()})
    return dict(zip(names, values, strict=True))


@torch.no_grad()
def assert_same(graph: Graph, traced: Traced) -> None:
    feeds = graph.examples(torch.Generator().manual_seed(3))
    # Rounding to whole levels is no error, but may fall either way on a tie.
    levels = getattr(graph, "levels", None)
    truth, allowed = ({"picture": levels(**feeds)}, 0.5 + 1e-3) if levels else (graph(**feeds), 1e-5)
    found = run(traced.model, traced, feeds)
    assert list(found) == list(truth)
    assert [value.name for value in traced.model.graph.input] == list(feeds)
    for name, value in truth.items():
        np.testing.assert_allclose(found[name], value.numpy(), atol=allowed, rtol=1e-5, err_msg=name)


def test_every_graph_computes_what_torch_does(pipeline: Pipeline) -> None:
    for graph in graphs_of(pipeline):
        traced = trace(graph)
        assert_same(graph, traced)
        domains = [(opset.domain, opset.version) for opset in traced.model.opset_import]
        assert domains == [("", 18), *([("com.microsoft", 1)] if graph.name == "unet" else [])]


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=() if row == ROWS[0] else pytest.mark.long) for row in ROWS]
)
def test_every_structure_computes_what_torch_does(tiny_checkpoint: Callable[[str], Path], row: str) -> None:
    pipeline = load_pipeline(tiny_checkpoint(row), accept_licence=True)
    for graph in (TextEncoder(pipeline), DenoisingUNet(pipeline)):
        assert_same(graph, trace(graph))


@pytest.fixture(scope="module")
def unet(pipeline: Pipeline) -> Traced:
    return trace(DenoisingUNet(pipeline))


def test_weights_are_named_as_in_the_network_and_are_not_in_the_graph(
    pipeline: Pipeline, unet: Traced
) -> None:
    network = dict(pipeline.unet.named_parameters())
    assert set(unet.sources) == {name for name, weight in network.items() if weight.ndim > 1}
    held = {tensor.name: tensor for tensor in unet.model.graph.initializer}
    for name, values in unet.weights.items():
        tensor = held[name]
        assert not tensor.raw_data
        assert not tensor.float_data
        assert tuple(tensor.dims) == values().shape
        assert values().flags.c_contiguous
    conv, linear = "conv_in.weight", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"
    assert np.array_equal(unet.weights[conv](), network[conv].numpy())
    assert np.array_equal(unet.weights[linear](), network[linear].numpy().T)
    largest = max(weight.nbytes for name, weight in network.items() if weight.ndim > 1)
    assert max(len(tensor.raw_data) for tensor in held.values()) < largest


def test_a_trace_is_the_same_every_time(pipeline: Pipeline, unet: Traced) -> None:
    again = trace(DenoisingUNet(pipeline))
    assert again.model.SerializeToString(deterministic=True) == unet.model.SerializeToString(
        deterministic=True
    )


def test_a_trace_comes_back_from_its_files(pipeline: Pipeline, unet: Traced, tmp_path: Path) -> None:
    unet.save(tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 500_000
    assert_same(unet.graph, load(tmp_path, DenoisingUNet(pipeline)))


def test_no_work_is_left_that_depends_on_no_input(unet: Traced) -> None:
    graph = unet.model.graph
    known = {value.name for value in graph.input}
    for node in graph.node:
        assert known.intersection(node.input), node
        known.update(node.output)
    assert not {node.op_type for node in graph.node} & {"Constant", "Shape"}


def test_every_value_has_a_shape(unet: Traced) -> None:
    graph = unet.model.graph
    shaped = {value.name for value in (*graph.value_info, *graph.output)}
    assert {name for node in graph.node for name in node.output} <= shaped


class BothWays(nn.Module):
    """A matrix that is read as it lies and transposed, an output with two names, and a large weight."""

    name = "both_ways"

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.matrix = nn.Buffer(torch.randn(6, 4, generator=generator))
        self.large = nn.Buffer(torch.randn(4, 30_000, generator=generator))

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        return {"x": torch.randn(3, 2, 4, generator=generator), "y": torch.randn(2, 6, generator=generator)}

    def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        there, back = x @ self.matrix.T, y @ self.matrix
        return {"there": there, "back": back, "again": there, "wide": back @ self.large}


def test_a_weight_that_is_read_in_two_ways_and_a_value_with_two_names() -> None:
    graph = BothWays()
    traced = trace(graph)
    assert set(traced.sources) == {"matrix", "matrix.transposed", "large"}
    assert "Transpose" not in {node.op_type for node in traced.model.graph.node}
    assert_same(graph, traced)


def test_the_largest_tensor_may_be_a_weight_or_lie_between_nodes(pipeline: Pipeline, unet: Traced) -> None:
    weights = max(weight.nbytes for weight in pipeline.unet.parameters())
    assert largest_tensor(unet.model) >= weights
    text = trace(TextEncoder(pipeline))
    # The scores of two prompts, four heads, 77 tokens by 77.
    assert largest_tensor(text.model) == 2 * 4 * 77 * 77 * 4
