"""Shortened graphs compute the same and keep the names that are used from outside."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from export.weights.names import shorten


def chain() -> onnx.ModelProto:
    """Return a graph y = (x · w + x)², with long names inside."""
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "y")]
    weight = helper.make_tensor("layer.weight", TensorProto.FLOAT, [2], [2.0, -3.0])
    nodes = [
        helper.make_node(
            "Mul", ["x", "layer.weight"], ["/a/long/name/Mul_output_0"], "/a/long/name/Mul", "a note"
        ),
        helper.make_node(
            "Add", ["/a/long/name/Mul_output_0", "x"], ["/another/Add_output_0"], "/another/Add"
        ),
        helper.make_node("Mul", ["/another/Add_output_0", "/another/Add_output_0"], ["y"], "/last/Mul"),
    ]
    graph = helper.make_graph(nodes, "chain", value[:1], value[1:], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["y"], {"x": np.array([1.5, -2.0], np.float32)})[0]


def test_a_shortened_graph_is_smaller_and_computes_the_same() -> None:
    model, short = chain(), shorten(chain())
    onnx.checker.check_model(short)
    assert short.ByteSize() < 0.7 * model.ByteSize()
    assert np.array_equal(run(short), run(model))


def test_names_used_from_outside_are_kept() -> None:
    graph = shorten(chain()).graph
    assert [value.name for value in (*graph.input, *graph.output, *graph.initializer)] == [
        "x",
        "y",
        "layer.weight",
    ]
    inside = [name for node in graph.node for name in (*node.input, *node.output)]
    assert max(map(len, set(inside) - {"layer.weight"})) == 2


def test_graphs_with_branches_are_left_alone() -> None:
    inner = helper.make_graph(
        [helper.make_node("Identity", ["outer"], ["z"])],
        "branch",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [2])],
    )
    model = chain()
    model.graph.node.append(
        helper.make_node("If", ["c"], ["out"], "if", then_branch=inner, else_branch=inner)
    )
    assert shorten(model) == model
    assert model.graph.node[0].name == "/a/long/name/Mul"


def test_constants_named_after_a_place_in_the_code_are_numbered() -> None:
    model = chain()
    model.graph.node[2].input[1] = "/last/Constant_output_0"
    model.graph.initializer.append(
        helper.make_tensor("/last/Constant_output_0", TensorProto.FLOAT, [1], [4.0])
    )
    given = TensorProto(name="/given/by/name", data_type=TensorProto.FLOAT, dims=[2])
    model.graph.initializer.append(given)
    before = run_without(model, given.name)
    shorten(model)
    assert [tensor.name for tensor in model.graph.initializer] == ["layer.weight", "#0", "/given/by/name"]
    assert np.array_equal(run_without(model, given.name), before)


def run_without(model: onnx.ModelProto, name: str) -> np.ndarray:
    """Run a graph without one of its initializers."""
    kept = onnx.ModelProto()
    kept.CopyFrom(model)
    kept.graph.initializer.remove(next(tensor for tensor in kept.graph.initializer if tensor.name == name))
    return run(kept)
