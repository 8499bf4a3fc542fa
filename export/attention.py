"""Attention processors that bring the cross-attention of a UNet out.

diffusers' own processors hide the probabilities inside a fused kernel. These compute them in the open, so
that the traced graph can return them (Vaswani et al. 2017, equation 1) and so that the visitor can turn
single words up and down (prompt-to-prompt re-weighting, Hertz et al. 2022, section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor


def attend(
    attn: Attention,
    hidden: Tensor,
    context: Tensor | None,
    weigh: Callable[[Tensor], Tensor],
) -> Tensor:
    """Attention in plain matrix products, with diffusers' layers around it.

    Args:
        attn: the layer whose weights are used.
        hidden: ``[batch, tokens, channels]``, or a picture ``[batch, channels, height, width]`` (in a VAE).
        context: what is attended to, ``[batch, T, width]``; ``hidden`` itself when absent (self-attention).
        weigh: sees the probabilities ``[batch, heads, tokens, T]`` and returns those that are used.

    Returns:
        A tensor of the shape of ``hidden``.
    """
    residual = hidden
    if residual.ndim == 4:
        hidden = hidden.flatten(2).transpose(1, 2)  # (B, h*w, C)
    if attn.group_norm is not None:
        hidden = attn.group_norm(hidden.transpose(1, 2)).transpose(1, 2)
    source = hidden if context is None else context

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (B, heads, tokens, width of a head)

    query, key, value = heads(attn.to_q(hidden)), heads(attn.to_k(source)), heads(attn.to_v(source))
    probabilities = torch.softmax(query @ key.transpose(-1, -2) * attn.scale, dim=-1)  # (B, heads, tokens, T)
    hidden = (weigh(probabilities) @ value).transpose(1, 2).flatten(2)  # (B, tokens, C)
    hidden = attn.to_out[0](hidden)
    if residual.ndim == 4:
        hidden = hidden.transpose(1, 2).reshape(residual.shape)
    if attn.residual_connection:
        hidden = hidden + residual
    return hidden / attn.rescale_output_factor


class PlainAttention:
    """A diffusers attention processor without fused kernels, for self-attention and for VAEs.

    Those that look at the probabilities or change them say how in `weigh`.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        """Attend; masks do not occur in Stable Diffusion."""
        return attend(attn, hidden_states, encoder_hidden_states, self.weigh)

    def weigh(self, probabilities: Tensor) -> Tensor:
        """Return the probabilities ``[batch, heads, tokens, T]`` that are used: all as they are."""
        return probabilities


class RecordedAttention(PlainAttention):
    """Cross-attention that re-weights the words of the conditional half and adds its probabilities to a sum.

    Args:
        token_gain: ``[1, T]``, the factor of each token's probability after the softmax; ones change nothing.
        sums: side of the picture in cells → ``[T, side, side]``, summed over the layers of that side so far.
    """

    def __init__(self, token_gain: Tensor, sums: dict[int, Tensor]) -> None:
        both = torch.cat([torch.ones_like(token_gain), token_gain])  # (2, T): unconditional, conditional
        self.gain = both[:, None, None, :]
        self.sums = sums

    def weigh(self, probabilities: Tensor) -> Tensor:
        """Apply the word gains, and keep what is attended to."""
        probabilities = probabilities * self.gain
        self._keep(probabilities[1].mean(0))  # (h*w, T): conditional half, mean over heads
        return probabilities

    def _keep(self, probabilities: Tensor) -> None:
        side = math.isqrt(probabilities.shape[0])
        tokens = probabilities.transpose(0, 1).reshape(-1, side, side)  # (T, side, side)
        self.sums[side] = self.sums[side] + tokens if side in self.sums else tokens


@contextmanager
def recorded_attention(unet: Any, token_gain: Tensor) -> Iterator[dict[int, Tensor]]:
    """While open, ``unet`` computes attention in the open and records its cross-attention.

    Args:
        unet: a ``UNet2DConditionModel``; its own processors are put back at the end.
        token_gain: ``[1, T]``.

    Yields:
        A dictionary, empty at first, which each call of ``unet`` with batch 2 fills: side → ``[T, side,
        side]``.
    """
    before = unet.attn_processors
    sums: dict[int, Tensor] = {}
    recorded, plain = RecordedAttention(token_gain, sums), PlainAttention()
    unet.set_attn_processor({name: recorded if ".attn2." in name else plain for name in before})
    try:
        yield sums
    finally:
        unet.set_attn_processor(before)
