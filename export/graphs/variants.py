"""The UNet as several graphs over the same weights: asking a graph for fewer outputs would skip no work.

One trace has all outputs and its self-attention as one operator. What a visitor's machine can run and what the
visitor looks at decide which of its variants is loaded; each costs only its own nodes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from export.graphs.tracing import MICROSOFT

# What is kept beside `output`: the sums for each side, the map of each layer, or nothing.
KEPT = {"": r"attention_\d+", "_layers": r"attention_layer_\d+", "_bare": ""}


def variants_of(model: onnx.ModelProto) -> dict[str, onnx.ModelProto]:
    """All variants of a traced UNet: ``unet``, ``unet_layers``, ``unet_bare``, and each ``…_fused``.

    The fused ones have self-attention as one operator of ONNX Runtime, which is faster and needs little memory
    but is not right on every graphics card; the others are standard operators only.
    """
    made = {}
    for use, pattern in KEPT.items():
        outputs = [v.name for v in model.graph.output if v.name == "output" or re.fullmatch(pattern, v.name)]
        made[f"unet{use}_fused"] = pruned(model, outputs)
        made[f"unet{use}"] = unfused(made[f"unet{use}_fused"])
    return made


def pruned(model: onnx.ModelProto, outputs: list[str]) -> onnx.ModelProto:
    """A copy of ``model`` with only these outputs and what they need; inputs are kept even where unused."""
    made = _empty_copy(model)
    graph = made.graph
    needed, nodes = set(outputs), []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name in needed)
    graph.output.extend(value for value in model.graph.output if value.name in outputs)
    between = (v for v in (*model.graph.value_info, *model.graph.output) if v.name not in outputs)
    graph.value_info.extend(value for value in between if value.name in needed)
    return made


def unfused(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of ``model`` with each MultiHeadAttention as matrix products and a softmax (standard operators)."""
    made = _empty_copy(model)
    graph = made.graph
    values = (*model.graph.input, *model.graph.value_info)
    shapes = {v.name: [side.dim_value for side in v.type.tensor_type.shape.dim] for v in values}
    constants: dict[str, np.ndarray] = {}
    for node in model.graph.node:
        if node.op_type == "MultiHeadAttention":
            _open_attention(graph, node, shapes, constants)
        else:
            graph.node.append(node)
    graph.initializer.extend(model.graph.initializer)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.output.extend(model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    del made.opset_import[:]
    made.opset_import.extend(opset for opset in model.opset_import if opset.domain != MICROSOFT)
    return made


def _open_attention(
    graph: onnx.GraphProto,
    fused: onnx.NodeProto,
    shapes: dict[str, list[int]],
    constants: dict[str, np.ndarray],
) -> None:
    """Add to ``graph`` what one MultiHeadAttention node computes; ``constants`` are what the new nodes share."""
    settings = {attribute.name: helper.get_attribute_value(attribute) for attribute in fused.attribute}
    heads, scale = settings["num_heads"], settings["scale"]
    split, join, factor = f"split_{heads}_heads", "join_heads", f"scale_{scale:.6g}"
    constants[split] = np.array([0, 0, heads, -1], np.int64)  # zero keeps a side as it is
    constants[join] = np.array([0, 0, -1], np.int64)
    constants[factor] = np.array(scale, np.float32)
    output = fused.output[0]
    (batch, queries, width), keys = shapes[fused.input[0]], shapes[fused.input[1]][1]

    def add(op: str, inputs: list[str], part: str, shape: list[int], **attributes: Any) -> str:
        name = f"{output}/{part}" if part else output
        graph.node.append(helper.make_node(op, inputs, [name], **attributes))
        if part:
            graph.value_info.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
        return name

    def by_head(index: int, part: str, axes: list[int]) -> str:
        sides = [batch, shapes[fused.input[index]][1], heads, width // heads]
        parted = add("Reshape", [fused.input[index], split], f"{part}_heads", sides)
        return add("Transpose", [parted], part, [sides[axis] for axis in axes], perm=axes)

    query, key, value = (
        by_head(0, "query", [0, 2, 1, 3]),
        by_head(1, "key", [0, 2, 3, 1]),  # already turned over, for the product
        by_head(2, "value", [0, 2, 1, 3]),
    )
    scores = [batch, heads, queries, keys]
    product = add("MatMul", [query, key], "product", scores)
    scaled = add("Mul", [product, factor], "scaled", scores)
    weights = add("Softmax", [scaled], "probabilities", scores, axis=-1)
    mixed = add("MatMul", [weights, value], "mixed", [batch, heads, queries, width // heads])
    turned = add("Transpose", [mixed], "turned", [batch, queries, heads, width // heads], perm=[0, 2, 1, 3])
    add("Reshape", [turned, join], "", [])


def _empty_copy(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy without nodes, weights and outputs."""
    made = onnx.ModelProto(
        ir_version=model.ir_version,
        producer_name=model.producer_name,
        producer_version=model.producer_version,
        opset_import=model.opset_import,
    )
    made.graph.name = model.graph.name
    made.graph.input.extend(model.graph.input)
    return made
