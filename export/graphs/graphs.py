"""The graphs that the page runs: torch modules with named outputs, ready to be traced."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from export.checkpoint.pipeline import Pipeline
from export.graphs.attention import recorded_attention
from export.graphs.colours import LatentRgb, fit_latent_view
from export.graphs.pictures import PreviewDecoder, VaeDecoder, VaeEncoder
from export.graphs.step import Step
from export.graphs.tracing import Graph
from export.graphs.word_maps import WordMaps

# What a model whose words are not known is tried with, beside its own default prompt.
PROMPTS = (
    "a cat sleeping on a wooden table, oil painting",
    "an astronaut riding a horse on the moon, highly detailed",
    "portrait of an old fisherman, black and white photograph",
)


class TextEncoder(nn.Module):
    """``input_ids [B, T]`` int32 → ``text [B, T, d]``, what the UNet cross-attends to."""

    name = "text_encoder"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.encoder = pipeline.text_encoder
        self.prompts = [torch.tensor(ids) for ids in prompts_of(pipeline)]

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """The empty prompt (where it is used) and a prompt with its words shuffled."""
        prompt = self.prompts[_pick(len(self.prompts), generator)].clone()  # (B, T)
        words = prompt[-1, 1:-1]
        prompt[-1, 1:-1] = words[torch.randperm(len(words), generator=generator)]
        return {"input_ids": prompt.int()}

    def forward(self, input_ids: Tensor) -> dict[str, Tensor]:
        """The last hidden state, after the final layer norm."""
        return {"text": self.encoder(input_ids).last_hidden_state}


@dataclass(frozen=True)
class AttentionLayer:
    """One cross-attention layer of a UNet."""

    name: str  # of its transformer block
    side: int  # of its map, in cells
    output: str  # of the graph


class DenoisingUNet(nn.Module):
    """``latents, timestep, text, token_gain`` → ``output`` and where the words were looked at.

    The maps come twice, summed over the layers of each side (``attention_<side>``) and layer by layer
    (``attention_layer_<number>``, in the order of the network), all ``[T, side, side]``: conditional half, mean over
    heads. `export.graphs.variants` keeps what each use needs. A UNet whose guidance is embedded has a further input
    ``guidance [1]``.
    """

    name = "unet"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.unet = pipeline.unet
        self.shape = pipeline.latent_shape
        self.batch = pipeline.batch
        self.guided = pipeline.architecture.guidance == "embedded"
        with torch.no_grad():
            self.texts = [
                pipeline.text_encoder(torch.tensor(ids)).last_hidden_state for ids in prompts_of(pipeline)
            ]

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Noise at a random timestep, a prompt, and gains between a half and two."""
        text = self.texts[_pick(len(self.texts), generator)]
        feeds = {
            "latents": torch.randn(1, *self.shape, generator=generator).repeat(self.batch, 1, 1, 1),
            "timestep": torch.randint(1, 1000, (1,), generator=generator).float(),
            "text": text,
            "token_gain": 2 ** (2 * torch.rand(1, text.shape[1], generator=generator) - 1),
        }
        if self.guided:
            feeds["guidance"] = 13 * torch.rand(1, generator=generator)
        return feeds

    def forward(
        self,
        latents: Tensor,
        timestep: Tensor,
        text: Tensor,
        token_gain: Tensor,
        guidance: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Predict the noise (or v), and tell where the words were looked at."""
        gain = torch.cat([torch.ones_like(token_gain)] * (self.batch - 1) + [token_gain])  # (B, T)
        embedding = None
        if guidance is not None:
            embedding = guidance_embedding(guidance, self.unet.config.time_cond_proj_dim)
        with recorded_attention(self.unet, gain) as maps:
            output = self.unet(latents, timestep, text, timestep_cond=embedding, return_dict=False)[0]
        sums: dict[int, Tensor] = {}
        for tokens in maps.values():
            side = int(tokens.shape[-1])  # while tracing, a shape is made of tensors
            sums[side] = sums[side] + tokens if side in sums else tokens
        layers = {layer_output(number): tokens for number, tokens in enumerate(maps.values())}
        return {
            "output": output,
            **{f"attention_{side}": sums[side] for side in sorted(sums, reverse=True)},
            **layers,
        }

    @cached_property
    def layers(self) -> list[AttentionLayer]:
        """The cross-attention layers in the order of the network, found in a run without numbers."""
        feeds = {name: value.to("meta") for name, value in self.examples(torch.Generator()).items()}
        weights = {name: value.to("meta") for name, value in self.unet.state_dict().items()}
        inputs = (feeds["latents"], feeds["timestep"], feeds["text"])
        gain = feeds["token_gain"].expand(self.batch, -1)
        width = self.unet.config.time_cond_proj_dim
        options = {"timestep_cond": torch.empty(1, width, device="meta")} if self.guided else {}
        with torch.no_grad(), recorded_attention(self.unet, gain) as maps:
            torch.func.functional_call(self.unet, weights, inputs, options)
        return [
            AttentionLayer(name, tokens.shape[-1], layer_output(number))
            for number, (name, tokens) in enumerate(maps.items())
        ]


def guidance_embedding(guidance: Tensor, width: int) -> Tensor:
    """How a distilled UNet is told the guidance (Meng et al. 2023; diffusers' get_guidance_scale_embedding).

    Args:
        guidance: ``[1]``, the guidance scale less one.
        width: of the embedding.

    Returns:
        Sines and cosines ``[1, width]`` of the guidance times 1000 at falling frequencies.
    """
    half = width // 2
    frequencies = torch.exp(torch.arange(half) * (-math.log(10_000) / (half - 1)))
    angles = guidance[:, None] * 1000 * frequencies
    return nn.functional.pad(torch.cat([angles.sin(), angles.cos()], dim=1), (0, width % 2))


def layer_output(number: int) -> str:
    """What the UNet's output with the map of a cross-attention layer is called."""
    return f"attention_layer_{number:02}"


def attention_layers(graph: DenoisingUNet) -> dict[int, int]:
    """Number of cross-attention layers at each side, largest side first."""
    counts = Counter(layer.side for layer in graph.layers)
    return dict(sorted(counts.items(), reverse=True))


def graphs_of(pipeline: Pipeline) -> list[Graph]:
    """All graphs of a pipeline, in the order in which the loop needs them."""
    unet = DenoisingUNet(pipeline)
    graphs: list[Graph] = [
        TextEncoder(pipeline),
        unet,
        Step(pipeline.latent_shape, pipeline.batch),
        WordMaps(attention_layers(unet), pipeline.text_length),
        VaeDecoder(pipeline),
        VaeEncoder(pipeline),
        LatentRgb(pipeline, fit_latent_view(pipeline)),
    ]
    return graphs if pipeline.preview is None else [*graphs, PreviewDecoder(pipeline)]


def prompts_of(pipeline: Pipeline) -> list[list[list[int]]]:
    """Token ids of what the graphs are tried with: ``[B, T]`` each, after the empty prompt where B is 2."""
    about = pipeline.about
    prompts = [about.defaults.prompt, *(PROMPTS if about.known_words is None else ())]
    empty = [pipeline.token_ids("")] * (pipeline.batch - 1)
    return [[*empty, pipeline.token_ids(prompt)] for prompt in prompts]


def _pick(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (1,), generator=generator))
