"""Brings the cross-attention out of a UNet while it trains, so that words can be taught where to look."""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor
from torch.nn import functional


class Recorder:
    """A processor that attends as diffusers does and keeps the cross-attention, mean over heads."""

    def __init__(self, maps: dict[int, list[Tensor]]) -> None:
        """Append each layer's map [B, side², tokens] to `maps[side]`."""
        self.maps = maps

    def __call__(
        self, attn: Attention, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, **_: object
    ) -> Tensor:
        """Attend from pixels [B, side², C] to themselves or to the text [B, tokens, D]."""
        source = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            layer(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # [B, heads, n, C / heads]
            for layer, x in ((attn.to_q, hidden_states), (attn.to_k, source), (attn.to_v, source))
        )
        weights = (query @ key.transpose(-1, -2) * attn.scale).softmax(-1)  # [B, heads, side², n]
        if encoder_hidden_states is not None:
            self.maps.setdefault(round(weights.shape[2] ** 0.5), []).append(weights.mean(1))
        out = weights @ value
        return attn.to_out[0](out.transpose(1, 2).flatten(2))


def record(unet: UNet2DConditionModel) -> dict[int, list[Tensor]]:
    """Give the UNet recorders; clear the returned dictionary before each pass."""
    maps: dict[int, list[Tensor]] = {}
    unet.set_attn_processor(Recorder(maps))
    return maps


def mass_inside(maps: Tensor, masks: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """Return how much of each token's attention falls inside its region, and which tokens have one.

    `maps` [B, side², tokens], `masks` [B, 3, 16, 16] of item 0, item 1 and the place, `regions` [B, tokens]
    with 0 = none; both results are [B, tokens].
    """
    side = round(maps.shape[1] ** 0.5)
    masks = functional.adaptive_avg_pool2d(masks, side).flatten(2)  # [B, 3, side²]
    inside = torch.einsum("bpt,brp->btr", maps, masks) / (maps.sum(1)[..., None] + 1e-6)
    mine = inside.gather(2, (regions.clamp(min=1) - 1)[..., None]).squeeze(2)
    return mine, regions > 0


def neglect(maps: Tensor, masks: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """Return how little the cells of each region heed the tokens that name it, and which regions are named.

    Arguments as for `mass_inside`; both results are [B, 3]: the mean over the region's cells of the negative
    logarithm of the attention that those tokens together receive there.
    """
    side = round(maps.shape[1] ** 0.5)
    cells = functional.adaptive_avg_pool2d(masks, side).flatten(2)  # [B, 3, side²]
    naming = functional.one_hot(regions, masks.shape[1] + 1)[..., 1:].to(maps.dtype)  # [B, tokens, 3]
    share = torch.einsum("bpt,btr->brp", maps, naming)
    lost = (-(share + 1e-3).log() * cells).sum(2) / cells.sum(2).clamp(min=1e-6)
    return lost, naming.any(1) & (cells.sum(2) > 1e-3)
