"""Smaller weights in a graph; all arithmetic stays in float.

A weight ``W`` becomes ``DequantizeLinear(int8, scale)`` or ``Cast(fp16)``, and a product with a matrix in 4
bits becomes ``MatMulNBits``: operators that every backend of onnxruntime-web runs (those on integers, such as
ConvInteger, have no WebGPU kernel). Graphs over the same weights are rewritten together, so that they go on
sharing them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper

from export.weights.precision import BLOCK, PRECISIONS, Form, Int4, Int8, Layout, Shape, Use, form_of
from export.weights.weights import Weights, declare

DOMAIN = "com.microsoft"  # of MatMulNBits


def compress(
    models: Iterable[onnx.ModelProto], weights: Mapping[str, Callable[[], np.ndarray]], precision: str
) -> Weights:
    """Rewrite graphs, in place, to read their weights in another precision.

    Args:
        models: a family of graphs over the same weights.
        weights: float32 values of the weights that the graphs declare by name without values. Weights that a
            graph holds itself are left as they are.
        precision: one of `PRECISIONS`.

    Returns:
        The values of every weight that the rewritten graphs declare. Each is computed when it is asked for;
        integers and their scale cost one computation if they are asked for one after the other.

    Raises:
        ValueError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"there is no precision {precision}, only {', '.join(PRECISIONS)}")
    models = list(models)
    stored = _stored(models, weights, precision)
    for model in models:
        _rewrite(model, stored)

    @lru_cache(maxsize=1)
    def encoded(name: str) -> tuple[np.ndarray, ...]:
        return stored[name].form.encode(weights[name]())

    def part(name: str, position: int) -> np.ndarray:
        return encoded(name)[position]

    made: Weights = {}
    for name, values in weights.items():
        if name in stored:
            made |= {new: partial(part, name, i) for i, new in enumerate(stored[name].parts)}
        else:
            made[name] = values
    return made


@dataclass(frozen=True)
class _Stored:
    """A weight that gives way to smaller ones."""

    name: str
    shape: Shape
    form: Form

    @property
    def parts(self) -> Layout:
        """Names of the arrays in its place, with type and shape."""
        return {f"{self.name}.{suffix}": kind for suffix, kind in self.form.layout(self.shape).items()}

    def restored(self) -> NodeProto:
        """The node that makes the weight float again."""
        title = f"{self.name}.restore"
        if isinstance(self.form, Int8):
            return helper.make_node(
                "DequantizeLinear", list(self.parts), [self.name], title, axis=self.form.axis
            )
        return helper.make_node("Cast", list(self.parts), [self.name], title, to=TensorProto.FLOAT)

    def multiply(self, node: NodeProto) -> None:
        """Make a MatMul read its matrix in 4 bits."""
        node.op_type, node.domain = "MatMulNBits", DOMAIN
        node.input[1:] = list(self.parts)
        settings = {"K": self.shape[0], "N": self.shape[1], "bits": 4, "block_size": BLOCK}
        node.attribute.extend(helper.make_attribute(name, value) for name, value in settings.items())


def _stored(models: list[onnx.ModelProto], weights: Iterable[str], precision: str) -> dict[str, _Stored]:
    """The weights that do not stay float32."""
    shapes: dict[str, Shape] = {}
    uses: dict[str, set[Use | None]] = {name: set() for name in weights}
    for model in models:
        shapes |= {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
        for node in model.graph.node:
            for position, name in enumerate(node.input):
                if name in uses:
                    uses[name].add(use_of(node, position, shapes[name]))
    stored = {}
    for name, found in uses.items():
        use = next(iter(found)) if len(found) == 1 else None
        if found and (form := form_of(name, use, shapes[name], precision)):
            stored[name] = _Stored(name, shapes[name], form)
    return stored


def use_of(node: NodeProto, position: int, shape: Shape) -> Use | None:
    """How a node reads the weight of this shape that is its input at this position; None: in another way."""
    match node.op_type, position:
        case "Conv", 1:
            return Use("Conv", 0)
        case "MatMul", 1 if len(shape) == 2:
            return Use("MatMul", 1)
        case "Gemm", 1:
            transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
            return Use("Gemm", 0 if transposed else 1)
        case "Gather", 0 if len(shape) == 2:
            return Use("Gather", 0)
    return None


def _rewrite(model: onnx.ModelProto, stored: Mapping[str, _Stored]) -> None:
    graph = model.graph
    tensors: list[TensorProto] = []
    read = {name: stored[name] for node in graph.node for name in node.input if name in stored}
    for tensor in graph.initializer:
        weight = stored.get(tensor.name)
        tensors += [declare(name, *kind) for name, kind in weight.parts.items()] if weight else [tensor]
    # All at the head: onnxruntime then restores a weight when its reader is due. Written just before their readers,
    # they are all restored early: measured on a chain of convolutions, four times the memory.
    restored = [weight.restored() for weight in read.values() if not isinstance(weight.form, Int4)]
    for node in graph.node:
        for weight in [stored[name] for name in node.input if name in stored]:
            if isinstance(weight.form, Int4):
                weight.multiply(node)
    nodes = [*restored, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(tensors)
    graph.node.extend(nodes)
    if any(node.domain == DOMAIN for node in nodes) and DOMAIN not in {o.domain for o in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
