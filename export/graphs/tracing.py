"""From a torch module to an ONNX graph that names its weights but doesn't hold them.

A Stable Diffusion UNet has 3.4 GB of weights. Optimum writes them to disk while it traces and then reads them
again; here ``torch.onnx.export``, which Optimum calls too, sees them as inputs of the graph. So a graph is a
file of some hundred kilobytes, and whoever writes the weights takes them from the torch module one at a time.
"""

from __future__ import annotations

import inspect
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper
from torch import Tensor, nn

from export.weights.weights import Weights, byte_count, declare

OPSET = 18  # LayerNormalization stays one operator (since 17), and onnxruntime-web knows every operator of it
MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators
# Bytes. Smaller weights take part when constants are computed ahead: norms, and a text encoder's position
# embedding, which is 315 kB in Stable Diffusion 2. Larger ones are never copied.
SMALL = 400_000
# Fewer nodes without it: it wraps each product of [B, tokens, C] by a matrix into two reshapes.
LEFT_OUT = ["MatMulAddFusion"]


class Graph(Protocol):
    """One graph: ``forward`` takes tensors by name and returns tensors by name; all shapes are static."""

    name: str

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Inputs of the kind that the graph meets, in the order in which it declares them."""

    def __call__(self, **feeds: Tensor) -> Mapping[str, Tensor]:
        """Run it in torch."""

    def state_dict(self) -> dict[str, Tensor]:
        """Weights and other constants, as every ``nn.Module`` has them."""


@dataclass(frozen=True)
class Source:
    """Where the values of an initializer come from."""

    parameter: str  # its name in the module's state_dict
    axes: list[int] | None = None  # transposed so, or None


@dataclass(frozen=True)
class Traced:
    """A float32 graph, and where its weights are.

    ``model`` has an initializer without data for each matrix, convolution and embedding; norms, biases and
    other small constants hold their values. ``value_info`` gives the shapes of everything between nodes.
    """

    model: onnx.ModelProto
    sources: dict[str, Source]
    graph: Graph

    @property
    def weights(self) -> Weights:
        """Float32 values of each initializer without data, taken from the torch module when they are asked for."""
        parameters = self.graph.state_dict()
        return {
            name: partial(_values, parameters[source.parameter], source.axes)
            for name, source in self.sources.items()
        }

    def save(self, folder: Path) -> None:
        """Write ``<graph's name>.onnx`` and what `load` needs; no weights."""
        sources = {name: vars(source) for name, source in self.sources.items()}
        (folder / f"{self.graph.name}.onnx").write_bytes(self.model.SerializeToString(deterministic=True))
        (folder / f"{self.graph.name}.json").write_text(json.dumps(sources))


def load(folder: Path, graph: Graph) -> Traced:
    """Read what `Traced.save` wrote; the weights come from ``graph``."""
    model = onnx.load_model_from_string((folder / f"{graph.name}.onnx").read_bytes())
    sources = json.loads((folder / f"{graph.name}.json").read_text())
    return Traced(model, {name: Source(**source) for name, source in sources.items()}, graph)


def trace(graph: Graph) -> Traced:
    """Trace ``graph`` on its first example, with static shapes, and compute ahead what depends on no input."""
    model, parameters = _export(graph)
    sources = {name: Source(parameter) for name, parameter in parameters.items()}
    _read_transposed(model.graph, sources)
    state = graph.state_dict()
    small = {
        name: _values(state[source.parameter], source.axes)
        for name, source in sources.items()
        if state[source.parameter].nbytes <= SMALL
    }
    _become_initializers(model.graph, small)
    model = _fold_constants(model)
    used = {name for node in model.graph.node for name in node.input}
    sources = {
        name: source for name, source in sources.items() if name in used and state[source.parameter].ndim > 1
    }
    _become_initializers(model.graph, dict.fromkeys(sources))
    _tidy(model, graph.name)
    return Traced(model, sources, graph)


def largest_tensor(model: onnx.ModelProto) -> int:
    """Bytes of the largest tensor, weight or intermediate: what a graphics card must bind at once."""
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    return max(byte_count(tensor) for tensor in (*model.graph.initializer, *map(_declared, values)))


def _declared(value: onnx.ValueInfoProto) -> onnx.TensorProto:
    """A tensor without data of a value's type and shape."""
    kind = value.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type).type
    return declare(value.name, dtype, tuple(side.dim_value for side in kind.shape.dim))


def _values(parameter: Tensor, axes: list[int] | None) -> np.ndarray:
    values = parameter.detach().numpy()
    if values.dtype.kind == "f":
        values = values.astype(np.float32, copy=False)
    return np.ascontiguousarray(values if axes is None else values.transpose(axes))


def _export(graph: Graph) -> tuple[onnx.ModelProto, dict[str, str]]:
    """What the tracer makes, with the parameters as inputs: their names there → in the state_dict."""
    feeds = graph.examples(torch.Generator().manual_seed(0))
    wrapper = _Ordered(graph, list(feeds))
    with tempfile.TemporaryDirectory() as folder, torch.no_grad(), warnings.catch_warnings():
        # The tracer warns wherever Python looks at a shape; ours are all meant to be constant.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapper,
            tuple(feeds.values()),
            Path(folder) / "traced.onnx",
            input_names=list(feeds),
            opset_version=OPSET,
            dynamo=False,  # the newer exporter knows neither `symbolic` nor graphs without weights
            export_params=False,
            keep_initializers_as_inputs=True,
            do_constant_folding=False,
        )
        model = onnx.load(Path(folder) / "traced.onnx")
    names = {f"graph.{name}": _in_network(graph, name) for name in graph.state_dict()}
    parameters = {short: name.removeprefix("graph.") for name, short in names.items()}
    for value, name in zip(model.graph.output, wrapper.outputs, strict=True):
        if value.name in names:  # an earlier output is the same value, as where a side has only one layer
            model.graph.node.append(helper.make_node("Identity", [value.name], [name]))
            value.name = name
        else:
            names[value.name] = name
    _rename(model.graph, names)
    return model, {
        value.name: parameters[value.name] for value in model.graph.input if value.name in parameters
    }


def _in_network(graph: Graph, name: str) -> str:
    """A parameter's name in the network that the graph holds, if it holds just one."""
    networks = [name for name, _ in graph.named_children()] if isinstance(graph, nn.Module) else []
    return name.removeprefix(f"{networks[0]}.") if len(networks) == 1 else name


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _read_transposed(graph: onnx.GraphProto, sources: dict[str, Source]) -> None:
    """Let weights that the graph transposes be read transposed (torch's linear layers hold W and use Wᵀ)."""
    inputs = {value.name: value for value in graph.input}
    uses: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            if name in sources:
                uses.setdefault(name, []).append(node)
    renamed: dict[str, str] = {}  # what was transposed in the graph → what is read so
    for parameter, nodes in uses.items():
        transposing = [node for node in nodes if node.op_type == "Transpose"]
        if not transposing:
            continue
        name = parameter if transposing == nodes else f"{parameter}.transposed"
        axes = list(helper.get_node_attr_value(transposing[0], "perm"))
        value = inputs[parameter].type.tensor_type
        shape = [value.shape.dim[axis].dim_value for axis in axes]
        made = helper.make_tensor_value_info(name, value.elem_type, shape)
        if name == parameter:
            inputs[parameter].CopyFrom(made)
        else:
            graph.input.append(made)
        sources[name] = Source(sources[parameter].parameter, axes)
        renamed |= {node.output[0]: name for node in transposing}
    kept = [node for node in graph.node if node.output[0] not in renamed]
    del graph.node[:]
    graph.node.extend(kept)
    _rename(graph, renamed)


def _become_initializers(graph: onnx.GraphProto, values: Mapping[str, np.ndarray | None]) -> None:
    """Turn inputs and initializers into initializers with these values, or without data where there are none."""
    for kept in [value for value in graph.input if value.name in values]:
        graph.initializer.append(_declared(kept))
        graph.input.remove(kept)
    for tensor in graph.initializer:
        if tensor.name in values:
            data = values[tensor.name]
            tensor.ClearField("float_data")
            tensor.ClearField("raw_data")
            if data is not None:
                tensor.raw_data = data.tobytes()


def _fold_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute once what the tracer left to be computed from shapes."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(
            model.SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=LEFT_OUT,
        )
        return onnx.load(path)


def _tidy(model: onnx.ModelProto, name: str) -> None:
    """One fixed order, all shapes, and only the operator sets that are used: ONNX Runtime lists all of its own."""
    graph = model.graph
    graph.name = name
    order = {
        name: place for place, name in enumerate(dict.fromkeys(n for node in graph.node for n in node.input))
    }
    tensors = sorted(
        (tensor for tensor in graph.initializer if tensor.name in order), key=lambda t: order[t.name]
    )
    del graph.initializer[:]
    graph.initializer.extend(tensors)
    domains = {node.domain for node in graph.node}
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", OPSET))
    if MICROSOFT in domains:
        model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    del graph.value_info[:]
    graph.value_info.extend(_inferred_shapes(model))


def _inferred_shapes(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The shape of every value between nodes, as far as ONNX can tell, which must be all the way."""
    known = onnx.ModelProto()
    known.CopyFrom(model)
    for node in known.graph.node:
        if (
            node.domain == MICROSOFT
        ):  # an attention, which ONNX doesn't know: its output is of its query's shape
            query, output = node.input[0], node.output[0]
            node.CopyFrom(helper.make_node("Identity", [query], [output]))
    return list(onnx.shape_inference.infer_shapes(known, strict_mode=True).graph.value_info)


class _Ordered(nn.Module):
    """What is traced: ``graph`` with inputs and outputs in order; remembers the names of its outputs."""

    def __init__(self, graph: Graph, names: list[str]) -> None:
        super().__init__()
        self.graph = graph
        self.outputs: list[str] = []
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])

        def forward(*feeds: Tensor) -> tuple[Tensor, ...]:
            outputs = graph(**dict(zip(names, feeds, strict=True)))
            self.outputs = list(outputs)
            return tuple(outputs.values())

        forward.__signature__ = signature  # type: ignore[attr-defined]
        self.forward = forward
