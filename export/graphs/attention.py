"""Attention processors that bring the cross-attention of a UNet out.

diffusers' own processors hide the probabilities inside a fused kernel. These compute them in the open, so
that the traced graph can return them (Vaswani et al. 2017, equation 1) and so that the visitor can turn
single words up and down (prompt-to-prompt re-weighting, Hertz et al. 2022, section 3.3). Self-attention stays
one operator: nobody looks at its probabilities, which at 64×64 cells would fill a gigabyte.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

CROSS = ".attn2"  # what diffusers calls the cross-attention of a transformer block


class Attending(ABC):
    """A diffusers attention processor: diffusers' layers around a `mix` that each kind has its own way of."""

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        """Attend; masks do not occur in Stable Diffusion.

        Args:
            attn: the layer whose weights are used.
            hidden_states: ``[batch, tokens, channels]``, or in a VAE a picture ``[batch, channels, h, w]``.
            encoder_hidden_states: what is attended to, ``[batch, T, width]``; ``hidden_states`` itself when
                absent (self-attention).
            attention_mask: not used.
            temb: not used.

        Returns:
            A tensor of the shape of ``hidden_states``.
        """
        hidden = hidden_states
        if hidden_states.ndim == 4:
            hidden = hidden.flatten(2).transpose(1, 2)  # (B, h*w, C)
        if attn.group_norm is not None:
            hidden = attn.group_norm(hidden.transpose(1, 2)).transpose(1, 2)
        source = hidden if encoder_hidden_states is None else encoder_hidden_states
        hidden = self.mix(attn, attn.to_q(hidden), attn.to_k(source), attn.to_v(source))
        hidden = attn.to_out[0](hidden)
        if hidden_states.ndim == 4:
            hidden = hidden.transpose(1, 2).reshape(hidden_states.shape)
        if attn.residual_connection:
            hidden = hidden + hidden_states
        return hidden / attn.rescale_output_factor

    @abstractmethod
    def mix(self, attn: Attention, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Mix the values ``[B, T, C]`` for each query of ``[B, tokens, C]`` into ``[B, tokens, C]``."""


class PlainAttention(Attending):
    """Attention in plain matrix products.

    Those that look at the probabilities or change them say how in `weigh`.
    """

    def mix(self, attn: Attention, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Softmax of the scaled products of queries and keys, head by head."""
        query, key, value = (split_heads(x, attn.heads) for x in (query, key, value))
        probabilities = torch.softmax(query @ key.transpose(-1, -2) * attn.scale, dim=-1)
        return (self.weigh(probabilities) @ value).transpose(1, 2).flatten(2)  # (B, tokens, C)

    def weigh(self, probabilities: Tensor) -> Tensor:
        """Return the probabilities ``[batch, heads, tokens, T]`` that are used: all as they are."""
        return probabilities


class RecordedAttention(PlainAttention):
    """Cross-attention that re-weights the words of the conditional half and keeps its probabilities.

    Args:
        gain: ``[batch, T]``, the factor of each token's probability after the softmax; ones change nothing.
        maps: where the map ``[T, side, side]`` of this layer is put.
        name: under which it is put there.
    """

    def __init__(self, gain: Tensor, maps: dict[str, Tensor], name: str) -> None:
        self.gain = gain[:, None, None, :]
        self.maps = maps
        self.name = name

    def weigh(self, probabilities: Tensor) -> Tensor:
        """Apply the word gains, and keep what is attended to: the conditional half, mean over heads."""
        probabilities = probabilities * self.gain
        kept = probabilities[-1].mean(0)  # (h*w, T)
        side = math.isqrt(kept.shape[0])
        self.maps[self.name] = kept.transpose(0, 1).reshape(-1, side, side)
        return probabilities


class FusedAttention(Attending):
    """Attention as one operator, which keeps no probabilities."""

    def mix(self, attn: Attention, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Leave all to the operator."""
        return MultiHeadAttention.apply(query, key, value, attn.heads, attn.scale)


class MultiHeadAttention(torch.autograd.Function):
    """What ONNX Runtime calls ``com.microsoft::MultiHeadAttention``, and torch scaled_dot_product_attention."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, heads: int, scale: float) -> Tensor:
        """Attend from ``[B, tokens, C]`` to ``[B, T, C]``."""
        query, key, value = (split_heads(x, heads) for x in (query, key, value))
        return scaled_dot_product_attention(query, key, value, scale=scale).transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(g: Any, query: Any, key: Any, value: Any, heads: int, scale: float) -> Any:
        """The node that a traced graph has of it."""
        node = g.op(
            "com.microsoft::MultiHeadAttention", query, key, value, num_heads_i=heads, scale_f=float(scale)
        )
        node.setType(query.type())  # so that the tracer knows shapes beyond an operator that is not its own
        return node


def split_heads(x: Tensor, heads: int) -> Tensor:
    """``[B, tokens, C]`` → ``[B, heads, tokens, C / heads]``."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


@contextmanager
def recorded_attention(unet: Any, gain: Tensor) -> Iterator[dict[str, Tensor]]:
    """While open, ``unet`` records its cross-attention, and its self-attention is one operator.

    Args:
        unet: a ``UNet2DConditionModel``; its own processors are put back at the end.
        gain: ``[batch, T]``, the factor of each token's probability; the last row is the conditional half.

    Yields:
        A dictionary, empty at first, which each call of ``unet`` fills in the order of the network: name of
        the transformer block → ``[T, side, side]``, conditional half, mean over heads.
    """
    before = unet.attn_processors
    maps: dict[str, Tensor] = {}
    fused = FusedAttention()
    unet.set_attn_processor(
        {
            name: RecordedAttention(gain, maps, name.partition(CROSS)[0]) if CROSS in name else fused
            for name in before
        }
    )
    try:
        yield maps
    finally:
        unet.set_attn_processor(before)
