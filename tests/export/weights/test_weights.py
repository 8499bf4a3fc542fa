"""Weights by name: taken out of a graph, computed when asked for, and put back."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.weights.weights import byte_count, declare, detach, embed


def graph_of(*tensors: TensorProto) -> onnx.ModelProto:
    return helper.make_model(helper.make_graph([], "weights", [], [], tensors))


def test_what_is_taken_out_can_be_put_back() -> None:
    values = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.arange(5, dtype=np.int64)}
    model = graph_of(*(numpy_helper.from_array(array, name) for name, array in values.items()))
    before = model.SerializeToString()
    weights = detach(model)
    assert [byte_count(tensor) for tensor in model.graph.initializer] == [24, 40]
    assert not any(tensor.raw_data for tensor in model.graph.initializer)
    for name, array in values.items():
        np.testing.assert_array_equal(weights[name](), array)
    assert embed(model, weights).SerializeToString() == before


@pytest.mark.parametrize("given", [np.zeros((3, 2), np.float32), np.zeros((2, 3), np.float16)])
def test_values_that_are_not_what_the_graph_declares_are_refused(given: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a is float"):
        embed(graph_of(declare("a", np.float32, (2, 3))), {"a": lambda: given})
