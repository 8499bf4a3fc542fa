"""Short names for what flows inside a graph: names are two fifths of a small UNet's graph file."""

from __future__ import annotations

import onnx

TRACED = ("/", "onnx::")  # how the tracer's own names begin


def shorten(model: onnx.ModelProto) -> onnx.ModelProto:
    """Number the values between nodes and drop the nodes' names and notes, in place.

    Inputs, outputs and weights keep their names, which say where in the network one is; constants that the
    tracer named after a place in the code do not. Graphs with subgraphs (loops, branches) are left as they
    are, since a name can reach into those.

    Args:
        model: a graph of any precision.

    Returns:
        The same model.
    """
    graph = model.graph
    if any(
        attribute.HasField("g") or attribute.graphs for node in graph.node for attribute in node.attribute
    ):
        return model
    constants = [
        tensor.name
        for tensor in graph.initializer
        # What holds no values is given them by its name.
        if tensor.name.startswith(TRACED) and (tensor.raw_data or tensor.float_data or tensor.int64_data)
    ]
    kept = {value.name for value in (*graph.input, *graph.output, *graph.initializer)} | {""}
    made = [name for node in graph.node for name in node.output if name not in kept]
    short = {name: f"#{i:x}" for i, name in enumerate((*constants, *made))}
    for tensor in graph.initializer:
        tensor.name = short.get(tensor.name, tensor.name)
    for node in graph.node:
        node.input[:] = [short.get(name, name) for name in node.input]
        node.output[:] = [short.get(name, name) for name in node.output]
        node.ClearField("name")
        node.ClearField("doc_string")
    graph.ClearField("value_info")
    return model
