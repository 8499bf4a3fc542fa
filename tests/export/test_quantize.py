"""Weights in 8 bits: how exact, which ones, and that the graph still computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.quantize import quantize, to_int8


@pytest.mark.parametrize("axis", [0, 1])
def test_no_value_is_off_by_more_than_half_a_level_of_its_channel(axis: int) -> None:
    values = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
    values *= np.linspace(0.01, 10, values.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1))
    integers, scale = to_int8(values, axis)
    scales = np.expand_dims(scale, 1 - axis)
    assert integers.dtype == np.int8
    assert np.all(np.abs(integers * scales - values) <= scales / 2 * 1.0001)
    assert np.all(np.abs(integers).max(axis=1 - axis) == 127)


def test_a_channel_of_zeros_stays_zero() -> None:
    integers, scale = to_int8(np.zeros((2, 3), np.float32), 0)
    assert not integers.any()
    assert np.all(scale > 0)


def network() -> onnx.ModelProto:
    """Embedding, Gemm, MatMul and three convolutions, the first from 4 channels."""
    rng = np.random.default_rng(0)
    weights = {
        "table": rng.normal(size=(50, 64)),
        "gemm": rng.normal(size=(64, 64)) / 8,
        "matmul": rng.normal(size=(64, 64)) / 8,
        "bias": rng.normal(size=64),
        "conv_in": rng.normal(size=(64, 4, 3, 3)) / 6,
        "conv": rng.normal(size=(64, 64, 3, 3)) / 24,
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["words"]),
        helper.make_node("Gemm", ["words", "gemm", "bias"], ["mixed"], transB=1),
        helper.make_node("MatMul", ["mixed", "matmul"], ["text"]),
        helper.make_node("Conv", ["picture", "conv_in"], ["wide"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["wide", "conv"], ["features"], pads=[1, 1, 1, 1]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "network",
        [value("ids", TensorProto.INT32, [7]), value("picture", TensorProto.FLOAT, [1, 4, 8, 8])],
        [value("text", TensorProto.FLOAT, [7, 64]), value("features", TensorProto.FLOAT, [1, 64, 8, 8])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def run(model: onnx.ModelProto) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    picture = np.random.default_rng(1).normal(size=(1, 4, 8, 8)).astype(np.float32)
    return session.run(None, {"ids": np.arange(7, dtype=np.int32), "picture": picture})


def test_large_weights_become_integers_and_the_answer_stays() -> None:
    truth = run(network())
    model = quantize(network())
    onnx.checker.check_model(model)
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    integers = {name for name, kind in kinds.items() if kind == TensorProto.INT8}
    assert integers == {"table.int8", "gemm.int8", "matmul.int8", "conv.int8"}
    assert kinds["bias"] == kinds["conv_in"] == TensorProto.FLOAT
    for exact, found in zip(truth, run(model), strict=True):
        error = np.linalg.norm(found - exact) / np.linalg.norm(exact)
        assert 1e-4 < error < 0.02


def test_a_weight_read_along_two_axes_stays_float() -> None:
    model = network()
    model.graph.node.append(helper.make_node("MatMul", ["words", "gemm"], ["again"]))
    quantize(model)
    assert "gemm" in {tensor.name for tensor in model.graph.initializer}


def test_the_tiny_model_shrinks(int8_model: Path, float_model: Path) -> None:
    sizes = [
        sum(path.stat().st_size for path in (model / "weights").iterdir())
        for model in (int8_model, float_model)
    ]
    assert sizes[0] < 0.4 * sizes[1]
