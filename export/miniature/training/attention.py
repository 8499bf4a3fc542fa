"""Brings the cross-attention out of a UNet while it trains, so that words can be taught where to look."""

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from torch.nn import functional

from export.graphs.attention import CROSS, PlainAttention


class Recorder(PlainAttention):
    """Cross-attention that keeps its probabilities, mean over heads."""

    def __init__(self, maps: dict[int, list[Tensor]]) -> None:
        """Append each layer's map [B, side², tokens] to `maps[side]`."""
        self.maps = maps

    def weigh(self, probabilities: Tensor) -> Tensor:
        """Keep probabilities [B, heads, side², tokens] and leave them as they are."""
        self.maps.setdefault(round(probabilities.shape[2] ** 0.5), []).append(probabilities.mean(1))
        return probabilities


def record(unet: UNet2DConditionModel) -> dict[int, list[Tensor]]:
    """Give the UNet recorders; clear the returned dictionary before each pass."""
    maps: dict[int, list[Tensor]] = {}
    recorder, plain = Recorder(maps), PlainAttention()
    unet.set_attn_processor({name: recorder if CROSS in name else plain for name in unet.attn_processors})
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
