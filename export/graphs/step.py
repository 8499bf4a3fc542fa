"""The step's graph, which has no weights: one step of any sampler."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
