"""The two graphs without weights: one step of the sampler, and the words' maps from the attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BICUBIC_A = -0.75  # as in torch and in DAAM


class Step(nn.Module):
    """Guidance, prediction type, sampler update and input scaling as one matrix product.

    Every update of a sampler is a linear combination of the latent, the network's outputs, fresh noise and
    earlier outputs, so Python only has to supply the coefficients.

    Args:
        shape: the latent's ``(C, h, w)``.
        batch: 2 where the network runs without and with the prompt; 1 where it runs once, and its one output
            stands for both.
    """

    name = "step"

    def __init__(self, shape: tuple[int, int, int], batch: int = 2) -> None:
        super().__init__()
        self.shape = shape
        self.batch = batch

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Random inputs of the right shapes."""
        sizes = {"latent": 1, "output": self.batch, "noise": 1, "history": 3}
        feeds = {name: torch.randn(n, *self.shape, generator=generator) for name, n in sizes.items()}
        return feeds | {"coefficients": torch.randn(10, 8, generator=generator)}

    def forward(
        self, latent: Tensor, output: Tensor, noise: Tensor, history: Tensor, coefficients: Tensor
    ) -> dict[str, Tensor]:
        """Mix the rows ``[8, C*h*w]`` by ``coefficients [10, 8]``; the eighth, of zeros, adds nothing."""
        outputs = [output] * (2 // self.batch)
        rows = torch.cat([latent, *outputs, noise, history]).flatten(1)  # (7, N)
        mixed = (coefficients[:, :7] @ rows).reshape(10, *self.shape)
        after, scaled, x0, eps_uncond, eps_cond, eps, past, _ = mixed.split([1, 1, 1, 1, 1, 1, 3, 1])
        return {
            "next_latent": after,
            "latents": torch.cat([scaled] * self.batch),
            "x0": x0,
            "eps_uncond": eps_uncond,
            "eps_cond": eps_cond,
            "eps": eps,
            "next_history": past,
        }


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


def bicubic_matrix(size: int, enlarged: int) -> Tensor:
    """The matrix ``[enlarged, size]`` of bicubic interpolation (Keys 1981, a = -0.75, half-pixel centres).

    Neighbours beyond the border repeat the outermost value, as
    ``torch.nn.functional.interpolate(mode="bicubic", align_corners=False)`` has it.
    """

    def weight(distance: float) -> float:
        x, a = abs(distance), BICUBIC_A
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0

    matrix = torch.zeros(enlarged, size, dtype=torch.float64)
    for row in range(enlarged):
        centre = (row + 0.5) * size / enlarged - 0.5
        first = int(centre // 1) - 1
        for column in range(first, first + 4):
            matrix[row, min(max(column, 0), size - 1)] += weight(centre - column)
    return matrix.float()
