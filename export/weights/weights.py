"""Weights that are given by name, each computed when it is asked for, so that few are in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Weights = dict[str, Callable[[], np.ndarray]]


def declare(name: str, dtype: type[np.generic], shape: tuple[int, ...]) -> TensorProto:
    """A weight of a graph without its values; those are given apart, by its name."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return TensorProto(name=name, data_type=kind, dims=shape)


def byte_count(tensor: TensorProto) -> int:
    """Number of bytes of a weight, whether or not its values are there."""
    return int(np.prod(tensor.dims)) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize


def values_of(tensor: TensorProto, weights: Mapping[str, Callable[[], np.ndarray]]) -> np.ndarray:
    """The values of a weight in C order: its own where the graph holds them, else those given by its name.

    Raises:
        ValueError: the graph declares another shape or type than what is given.
    """
    if tensor.name not in weights:
        return numpy_helper.to_array(tensor)
    values = np.asarray(weights[tensor.name](), order="C")  # a scalar stays one
    declared = tuple(tensor.dims), helper.tensor_dtype_to_np_dtype(tensor.data_type)
    if declared != (values.shape, values.dtype):
        raise ValueError(f"{tensor.name} is {values.dtype} {values.shape} where the graph has {declared}")
    return values


def detach(model: onnx.ModelProto) -> Weights:
    """Take all weights out of a graph that holds them, in place, and return them."""
    weights: Weights = {}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        weights[tensor.name] = partial(np.asarray, values)
        tensor.CopyFrom(declare(tensor.name, values.dtype.type, values.shape))
    return weights


def embed(model: onnx.ModelProto, weights: Mapping[str, Callable[[], np.ndarray]]) -> onnx.ModelProto:
    """Put the weights into the graph, in place, so that it stands in one file; return it."""
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(values_of(tensor, weights), tensor.name))
    return model
