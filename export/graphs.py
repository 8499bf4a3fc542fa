"""The graphs that the page runs: torch modules with named outputs, written to ONNX by Optimum."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import onnx
import onnxruntime
import torch
from optimum.exporters.onnx import OnnxConfig
from optimum.exporters.onnx import export as optimum_export
from optimum.utils import NormalizedConfig
from torch import Tensor, nn
from transformers import PretrainedConfig

from export.attention import PlainAttention, recorded_attention
from export.pipeline import Pipeline
from export.step import Step, WordMaps

OPSET = 18  # LayerNormalization stays one operator (since 17), and onnxruntime-web knows every operator of it


class Graph(Protocol):
    """One graph: ``forward`` takes tensors by name and returns tensors by name; all shapes are static."""

    name: str

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Inputs of the kind that the graph meets, in the order in which it declares them."""

    def __call__(self, **feeds: Tensor) -> Mapping[str, Tensor]:
        """Run it in torch."""


class TextEncoder(nn.Module):
    """``input_ids [2, T]`` int32 → ``text [2, T, d]``, what the UNet cross-attends to."""

    name = "text_encoder"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.encoder = pipeline.text_encoder
        self.prompts = [pipeline.token_ids(""), pipeline.token_ids(pipeline.about.defaults.prompt)]

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """The empty prompt and the default prompt with its words shuffled."""
        empty, words = (torch.tensor(ids, dtype=torch.int32) for ids in self.prompts)
        words[1:-1] = words[1:-1][torch.randperm(len(words) - 2, generator=generator)]
        return {"input_ids": torch.stack([empty, words])}

    def forward(self, input_ids: Tensor) -> dict[str, Tensor]:
        """The last hidden state, after the final layer norm."""
        return {"text": self.encoder(input_ids).last_hidden_state}


class DenoisingUNet(nn.Module):
    """``latents, timestep, text, token_gain`` → ``output`` and the attention sums ``attention_<side>``."""

    name = "unet"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.unet = pipeline.unet
        self.shape = pipeline.latent_shape
        ids = [pipeline.token_ids(""), pipeline.token_ids(pipeline.about.defaults.prompt)]
        with torch.no_grad():
            self.text = pipeline.text_encoder(torch.tensor(ids)).last_hidden_state

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Noise at a random timestep, the default prompt, and gains between a half and two."""
        return {
            "latents": torch.randn(1, *self.shape, generator=generator).repeat(2, 1, 1, 1),
            "timestep": torch.randint(1, 1000, (1,), generator=generator).float(),
            "text": self.text,
            "token_gain": 2 ** (2 * torch.rand(1, self.text.shape[1], generator=generator) - 1),
        }

    def forward(
        self, latents: Tensor, timestep: Tensor, text: Tensor, token_gain: Tensor
    ) -> dict[str, Tensor]:
        """Predict the noise (or v), and tell where the words were looked at."""
        with recorded_attention(self.unet, token_gain) as sums:
            output = self.unet(latents, timestep, text, return_dict=False)[0]
        return {"output": output} | {f"attention_{side}": sums[side] for side in sorted(sums, reverse=True)}


class VaeDecoder(nn.Module):
    """``latent [1, C, h, w]`` → ``picture [H, W, 4]``, RGBA from 0 to 255 in whole numbers."""

    name = "vae_decoder"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.vae = pipeline.vae
        self.vae.set_attn_processor(PlainAttention())
        self.shape = pipeline.latent_shape
        self.scale = float(self.vae.config.scaling_factor)
        self.shift = float(self.vae.config.shift_factor or 0)

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A latent of unit variance, as a Stable Diffusion VAE's are."""
        return {"latent": torch.randn(1, *self.shape, generator=generator)}

    def levels(self, latent: Tensor) -> Tensor:
        """The picture ``[H, W, 4]`` before it is rounded to whole levels."""
        picture = self.vae.decode(latent / self.scale + self.shift, return_dict=False)[0][
            0
        ]  # (3, H, W) in -1…1
        rgb = ((picture + 1) * 127.5).clamp(0, 255).permute(1, 2, 0)  # (H, W, 3)
        return torch.cat([rgb, torch.full_like(rgb[..., :1], 255)], dim=-1)

    def forward(self, latent: Tensor) -> dict[str, Tensor]:
        """Decode and round, ready to be painted."""
        return {"picture": self.levels(latent).round()}


class VaeEncoder(nn.Module):
    """``picture [1, 3, H, W]`` in -1…1 → ``latent [1, C, h, w]``, the scaled mean."""

    name = "vae_encoder"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.vae = pipeline.vae
        self.vae.set_attn_processor(PlainAttention())
        self.size = pipeline.picture_size
        self.scale = float(self.vae.config.scaling_factor)
        self.shift = float(self.vae.config.shift_factor or 0)

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A picture of flowing colours."""
        return {"picture": soft_picture(self.size, 8, generator)}

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Encode; the posterior's variance is not used."""
        mean = self.vae.encode(picture, return_dict=False)[0].mean
        return {"latent": (mean - self.shift) * self.scale}


def soft_picture(size: tuple[int, int], cells: int, generator: torch.Generator) -> Tensor:
    """A picture ``[1, 3, H, W]`` in -1…1 of flowing colours, ``cells`` of them in each direction."""
    coarse = torch.rand(1, 3, cells, cells, generator=generator) * 2 - 1
    return nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(-1, 1)


def graphs_of(pipeline: Pipeline) -> list[Graph]:
    """All graphs of a pipeline, in the order in which the loop needs them."""
    unet = DenoisingUNet(pipeline)
    layers = attention_layers(unet)
    return [
        TextEncoder(pipeline),
        unet,
        Step(pipeline.latent_shape),
        WordMaps(layers, pipeline.text_length),
        VaeDecoder(pipeline),
        VaeEncoder(pipeline),
    ]


@torch.no_grad()
def attention_layers(graph: DenoisingUNet) -> dict[int, int]:
    """Number of cross-attention layers at each side, largest side first, counted in one run of the network.

    Probabilities over the T tokens sum to 1 everywhere, so a sum over n layers with gains of 1 totals n a
    cell.
    """
    feeds = graph.examples(torch.Generator().manual_seed(0))
    feeds["token_gain"] = torch.ones_like(feeds["token_gain"])
    sums = {name: value for name, value in graph(**feeds).items() if name.startswith("attention_")}
    return {value.shape[-1]: round(float(value.sum(0).mean())) for value in sums.values()}


def write_onnx(graph: Graph, path: Path) -> None:
    """Trace ``graph`` and write it to ``path`` as float32 ONNX with static shapes."""
    feeds = graph.examples(torch.Generator().manual_seed(0))
    with torch.no_grad():
        outputs = list(graph(**feeds))
    with warnings.catch_warnings():
        # The tracer warns wherever Python looks at a shape; ours are all meant to be constant.
        warnings.simplefilter("ignore")
        optimum_export(
            _Traced(graph, list(feeds)),
            _Names(feeds, outputs),
            path,
            opset=OPSET,
            no_dynamic_axes=True,
            disable_dynamic_axes_fix=True,
        )
    fold_constants(path)


def fold_constants(path: Path) -> None:
    """Compute once what the tracer left to be computed from shapes; only standard operators remain."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    model = onnx.load(path)
    del model.opset_import[:]
    model.opset_import.append(onnx.helper.make_opsetid("", OPSET))  # ONNX Runtime lists domains of its own
    onnx.checker.check_model(model)
    onnx.save(model, path)


class _Traced(nn.Module):
    """What Optimum traces: ``graph`` with a ``forward`` that lists the inputs by name, in order."""

    def __init__(self, graph: Graph, names: list[str]) -> None:
        super().__init__()
        self.graph = graph
        self.config = PretrainedConfig()  # Optimum sets return_dict on it
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])

        def forward(*args: Tensor, **kwargs: Tensor) -> Mapping[str, Tensor]:
            return graph(**signature.bind(*args, **kwargs).arguments)

        forward.__signature__ = signature  # type: ignore[attr-defined]
        self.forward = forward


class _Names(OnnxConfig):
    """Tells Optimum the names of inputs and outputs; no axis is dynamic."""

    NORMALIZED_CONFIG_CLASS = NormalizedConfig

    def __init__(self, feeds: dict[str, Tensor], outputs: list[str]) -> None:
        super().__init__(PretrainedConfig())
        self._feeds = feeds
        self._outputs = outputs

    @property
    def inputs(self) -> dict[str, dict[int, str]]:
        return {name: {} for name in self._feeds}

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        return {name: {} for name in self._outputs}

    def generate_dummy_inputs(self, framework: str = "pt", **kwargs: object) -> dict[str, Tensor]:
        return dict(self._feeds)
