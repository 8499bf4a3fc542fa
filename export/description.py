"""What a manifest says of a pipeline: everything but its files."""

from __future__ import annotations

from typing import Any

import onnx

from export.checkpoint.pipeline import Pipeline
from export.format.manifest import FORMAT, Manifest
from export.graphs.colours import LatentView
from export.graphs.graphs import AttentionLayer
from export.graphs.tracing import largest_tensor
from export.recipe import MANY_WEIGHTS

DTYPES = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT32: "int32"}


def describe(
    pipeline: Pipeline, view: LatentView, layers: list[AttentionLayer], graphs: dict[str, Any]
) -> Manifest:
    """The manifest without what is only known once files are there: ``files``, ``probe`` and ``errors``.

    Args:
        pipeline: the pipeline.
        view: its latents' colours.
        layers: the UNet's cross-attention layers.
        graphs: entries of `describe_graph` by name.
    """
    about = pipeline.about
    channels, height, width = pipeline.latent_shape
    manifest = {
        "format": FORMAT,
        "name": about.name,
        "title": about.title,
        "licence": about.licence,
        "licence_terms": about.licence_terms,
        "architecture": pipeline.architecture.name,
        "guidance": pipeline.architecture.guidance,
        "additions": list(pipeline.additions),
        "parameters": pipeline.parameters,
        "latent": {
            "channels": channels,
            "height": height,
            "width": width,
            "range": [-view.reach, view.reach],
            "rgb": {"weight": view.weight, "bias": view.bias},
        },
        "picture": dict(zip(("height", "width"), pipeline.picture_size, strict=True)),
        "text": {"length": pipeline.text_length, "width": pipeline.text_encoder.config.hidden_size},
        "tokenizer": _tokenizer(pipeline),
        "scheduler": pipeline.scheduler_fields,
        "attention": pooled(layers),
        "attention_layers": [vars(layer) for layer in layers] if "unet_layers" in graphs else None,
        "graphs": graphs,
        "defaults": vars(about.defaults) | _preview(pipeline),
        "judge": pipeline.judge.said if pipeline.judge else None,
    }
    return {name: value for name, value in manifest.items() if value not in (None, [], "")}


def _preview(pipeline: Pipeline) -> dict[str, str]:
    """How steps are drawn: by a small decoder where there is one, and never by a big one each."""
    if pipeline.preview:
        return {"preview": "tiny"}
    return {"preview": "linear"} if pipeline.parameters > MANY_WEIGHTS else {}


def _tokenizer(pipeline: Pipeline) -> dict[str, Any]:
    tokenizer, about = pipeline.tokenizer, pipeline.about
    said = {
        "vocab": "vocab.json",
        "merges": "merges.txt",
        "bos": tokenizer.bos_token_id,
        "eos": tokenizer.eos_token_id,
        "pad": tokenizer.pad_token_id,
        "length": pipeline.text_length,
        "known_words": None if about.known_words is None else list(about.known_words),
    }
    further = {"synonyms": about.synonyms, "added": pipeline.added_tokens}
    return said | {name: words for name, words in further.items() if words}


def pooled(layers: list[AttentionLayer]) -> list[dict[str, Any]]:
    """The resolutions of the cross-attention, largest side first, and how many layers each sums."""
    sides = [layer.side for layer in layers]
    return [
        {"side": side, "layers": sides.count(side), "output": f"attention_{side}"}
        for side in sorted(set(sides), reverse=True)
    ]


def describe_graph(model: onnx.ModelProto, precision: str) -> dict[str, Any]:
    """A float graph's entry, without its files, once its weights are stored in this precision."""
    return {
        "precision": precision,
        "inputs": _tensors(model.graph.input),
        "outputs": _tensors(model.graph.output),
        "largest": largest_tensor(model),
    }


def _tensors(values: Any) -> dict[str, Any]:
    return {
        value.name: {
            "shape": [dimension.dim_value for dimension in value.type.tensor_type.shape.dim],
            "dtype": DTYPES[value.type.tensor_type.elem_type],
        }
        for value in values
    }
