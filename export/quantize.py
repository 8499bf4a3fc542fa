"""Weights as 8-bit integers, one scale for each output channel; all arithmetic stays in float.

Each weight ``W`` becomes ``DequantizeLinear(int8, scale)``, which every backend of onnxruntime-web runs
(operators on integers, such as ConvInteger, have no WebGPU kernel). Biases and norms stay float, and so do
convolutions to or from very few channels: the first and last of each network, where an error touches every
pixel and little could be saved.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

FEW_CHANNELS = 16
SMALL = 1024  # weights with fewer values are not worth a scale


def quantize(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace the weights of convolutions, matrix products and embeddings, in place.

    Args:
        model: a float32 graph that holds its weights.

    Returns:
        The same model.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    channels = output_channels(graph, weights)
    nodes = []
    for name, axis in channels.items():
        values = numpy_helper.to_array(weights[name])
        integers, scale = to_int8(values, axis)
        weights[name].CopyFrom(numpy_helper.from_array(integers, f"{name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        inputs = [f"{name}.int8", f"{name}.scale"]
        nodes.append(helper.make_node("DequantizeLinear", inputs, [name], f"{name}.dequantize", axis=axis))
    for node in reversed(nodes):
        graph.node.insert(0, node)
    return model


def output_channels(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> dict[str, int]:
    """Which weights become integers: name → the axis of its output channels.

    A weight that is also read in another way, or along another axis, stays float.
    """
    found: dict[str, set[int | None]] = {}
    for node in graph.node:
        for position, name in enumerate(node.input):
            if name in weights:
                found.setdefault(name, set()).add(_channel_axis(node, position, weights[name]))
    chosen = {name: axes.pop() for name, axes in found.items() if len(axes) == 1}
    return {name: axis for name, axis in chosen.items() if axis is not None}


def _channel_axis(node: onnx.NodeProto, position: int, weight: onnx.TensorProto) -> int | None:
    shape = list(weight.dims)
    if weight.data_type != onnx.TensorProto.FLOAT or np.prod(shape) < SMALL:
        return None
    match node.op_type, position:
        case "Conv", 1 if min(shape[:2]) > FEW_CHANNELS:
            return 0
        case "MatMul", 1 if len(shape) == 2:
            return 1
        case "Gemm", 1:
            transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
            return 0 if transposed else 1
        case "Gather", 0 if len(shape) == 2:
            return 0
    return None


def to_int8(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Round to the 255 levels -127…127 times a scale for each channel.

    Args:
        values: float32.
        axis: of the channels.

    Returns:
        Integers of the same shape, and the scales ``[channels]``; no value is off by more than half its
        scale.
    """
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.abs(values).max(axis=others, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.round(values / scale).clip(-127, 127).astype(np.int8), scale.reshape(-1)
