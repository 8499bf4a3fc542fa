"""Smaller weights: which ones, that the graph still computes the same, and that families go on sharing."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.weights.quantize import compress
from export.weights.weights import Weights, detach, embed


def network(*more: onnx.NodeProto) -> tuple[onnx.ModelProto, Weights]:
    """Embedding, Gemm, norm, two MatMuls (of 64 and of 40 rows) and two convolutions, the first from 4 channels."""
    rng = np.random.default_rng(0)
    weights = {
        "table": rng.normal(size=(50, 64)),
        "gemm": rng.normal(size=(64, 64)) / 8,
        "bias": rng.normal(size=64),
        "norm": rng.normal(size=64) + 3,
        "matmul": rng.normal(size=(64, 40)) / 8,
        "odd": rng.normal(size=(40, 64)) / 6,
        "conv_in": rng.normal(size=(64, 4, 3, 3)) / 6,
        "conv": rng.normal(size=(64, 64, 3, 3)) / 24,
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["words"]),
        helper.make_node("Gemm", ["words", "gemm", "bias"], ["mixed"], transB=1),
        helper.make_node("LayerNormalization", ["mixed", "norm"], ["even"]),
        helper.make_node("MatMul", ["even", "matmul"], ["narrow"]),
        helper.make_node("MatMul", ["narrow", "odd"], ["text"]),
        helper.make_node("Conv", ["picture", "conv_in"], ["wide"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["wide", "conv"], ["features"], pads=[1, 1, 1, 1]),
        *more,
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "network",
        [value("ids", TensorProto.INT32, [7]), value("picture", TensorProto.FLOAT, [1, 4, 8, 8])],
        [value("text", TensorProto.FLOAT, [7, 64]), value("features", TensorProto.FLOAT, [1, 64, 8, 8])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model, detach(model)


def run(model: onnx.ModelProto, weights: Weights) -> list[np.ndarray]:
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    onnx.checker.check_model(embed(whole, weights))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options)
    picture = np.random.default_rng(1).normal(size=(1, 4, 8, 8)).astype(np.float32)
    return session.run(None, {"ids": np.arange(7, dtype=np.int32), "picture": picture})


# Each half a level in the root mean square: of 11 bits, of 127 levels, of 7 levels; below it something is wrong too.
@pytest.mark.parametrize(
    ("precision", "kinds", "text", "features"),
    [
        (
            "fp16",
            {"FLOAT16": {"table", "gemm", "matmul", "odd", "conv_in", "conv"}},
            (1e-4, 1e-3),
            (1e-4, 1e-3),
        ),
        ("int8", {"INT8": {"table", "gemm", "matmul", "odd", "conv"}}, (1e-3, 0.02), (1e-3, 0.02)),
        (
            "int8+w4",
            {"INT8": {"table", "gemm", "odd", "conv"}, "UINT8": {"matmul"}},
            (0.02, 0.12),
            (1e-3, 0.02),
        ),
    ],
)
def test_large_weights_become_smaller_and_the_answer_stays(
    precision: str,
    kinds: dict[str, set[str]],
    text: tuple[float, float],
    features: tuple[float, float],
) -> None:
    model, weights = network()
    truth = run(model, weights)
    smaller = compress([model], weights, precision)
    found: dict[str, set[str]] = {}
    for tensor in model.graph.initializer:
        kind = TensorProto.DataType.Name(tensor.data_type)
        found.setdefault(kind, set()).add(tensor.name.split(".")[0])
    rest = found.pop("FLOAT")
    assert found == kinds
    assert {"bias", "norm"} <= rest
    assert ("conv_in" in rest) == (precision != "fp16")
    for exact, close, (least, most) in zip(truth, run(model, smaller), (text, features), strict=True):
        assert least < np.linalg.norm(close - exact) / np.linalg.norm(exact) < most


def test_fp32_changes_nothing() -> None:
    model, weights = network()
    before = model.SerializeToString()
    assert compress([model], weights, "fp32") == weights
    assert model.SerializeToString() == before


def test_a_product_in_4_bits_is_the_product_with_the_rounded_matrix() -> None:
    """ONNX Runtime reads the columns, halves of bytes, zero and scales as they are meant."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, 5, 96)).astype(np.float32)
    matrix = numpy_helper.from_array(rng.normal(size=(96, 48)).astype(np.float32), "matrix")
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["inputs", "matrix"], ["product"])],
        "product",
        [value("inputs", TensorProto.FLOAT, inputs.shape)],
        [value("product", TensorProto.FLOAT, [2, 5, 48])],
        [matrix],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    smaller = compress([model], detach(model), "int8+w4")
    packed, scale = smaller["matrix.int4"](), smaller["matrix.scale"]()
    integers = np.stack([packed & 15, packed >> 4], axis=-1).reshape(48, 3, 32).astype(int) - 8
    rounded = (integers * scale[..., None]).reshape(48, 96).T
    session = onnxruntime.InferenceSession(embed(model, smaller).SerializeToString())
    np.testing.assert_allclose(session.run(None, {"inputs": inputs})[0], inputs @ rounded, atol=1e-4)


def test_a_weight_read_along_two_axes_stays_float() -> None:
    model, weights = network(helper.make_node("MatMul", ["words", "gemm"], ["again"]))
    assert "gemm" in compress([model], weights, "int8")


def test_graphs_over_the_same_weights_read_the_same_smaller_ones() -> None:
    whole, weights = network()
    part, _ = network()
    del part.graph.node[5:], part.graph.output[1:], part.graph.input[1:]
    for tensor in [t for t in part.graph.initializer if t.name.startswith("conv")]:
        part.graph.initializer.remove(tensor)
    smaller = compress([whole, part], weights, "int8+w4")
    names = [{tensor.name for tensor in model.graph.initializer} for model in (whole, part)]
    assert names[1] == {name for name in names[0] if not name.startswith("conv")}
    assert names[0] == set(smaller)


def test_how_another_graph_reads_a_weight_counts_too() -> None:
    """Otherwise the two would store it twice."""
    model, weights = network()
    other, _ = network(helper.make_node("MatMul", ["words", "gemm"], ["again"]))
    assert "gemm" in compress([model, other], weights, "int8")
    assert "gemm" in {tensor.name for tensor in model.graph.initializer}


def test_each_weight_is_asked_for_once() -> None:
    model, weights = network()
    asked: list[str] = []

    def recorded(name: str) -> np.ndarray:
        asked.append(name)
        return weights[name]()

    for values in compress([model], {n: lambda n=n: recorded(n) for n in weights}, "int8+w4").values():
        values()
    assert sorted(asked) == sorted(weights)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="no precision int3, only fp32, fp16"):
        compress([], {}, "int3")
