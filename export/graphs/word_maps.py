"""The attention's graph, which has no weights: one map for each word."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from export.graphs.bicubic import bicubic_matrix


class WordMaps(nn.Module):
    """From the attention sums of each resolution to one map for each word (DAAM, Tang et al. 2022).

    Args:
        layers: side of a resolution in cells → number of cross-attention layers of that side.
        length: token slots T.
    """

    name = "attention"

    def __init__(self, layers: dict[int, int], length: int) -> None:
        super().__init__()
        self.length = length
        self.layers = sum(layers.values())
        self.sides = sorted(layers, reverse=True)
        self.side = self.sides[0]
        for side in self.sides[1:]:
            self.register_buffer(f"enlarge_{side}", bicubic_matrix(side, self.side))

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Random inputs: attention in 0…1, a word of one token, one of two, and empty rows."""
        feeds = {
            f"attention_{side}": torch.rand(self.length, side, side, generator=generator)
            for side in self.sides
        }
        words = torch.zeros(self.length, self.length)
        words[0, 1] = 1
        words[1, 2:4] = 0.5
        total = torch.rand(self.length, self.side, self.side, generator=generator)
        return feeds | {"words": words, "total": total, "count": torch.tensor([3.0])}

    def forward(self, **feeds: Tensor) -> dict[str, Tensor]:
        """Enlarge, average over layers, pool by word."""
        words, total, count = feeds["words"], feeds["total"], feeds["count"]
        everything = feeds[f"attention_{self.side}"]
        for side in self.sides[1:]:
            # Bicubic enlargement is linear in each direction: rows, then columns. Matrix products run on
            # every backend, which a cubic Resize does not.
            enlarge = self.get_buffer(f"enlarge_{side}")  # (S, side)
            everything = everything + enlarge @ feeds[f"attention_{side}"] @ enlarge.transpose(0, 1)
        tokens = (everything / self.layers).flatten(1)  # (T, S*S)
        maps = (words @ tokens).reshape(-1, self.side, self.side)
        total = total + maps
        pieces = torch.sign(words).sum(1)  # tokens of each word
        shares = (words @ tokens.mean(1, keepdim=True))[:, 0] * pieces
        return {
            "maps": torch.relu(maps),
            "mean_maps": torch.relu(total / count),
            "next_total": total,
            "shares": shares,
        }
