"""Muon for matrices and convolutions, AdamW for the rest.

Muon (Keller Jordan, 2024, https://kellerjordan.github.io/posts/muon): the momentum of a weight matrix is
replaced by the nearest orthogonal matrix, so that every direction learns equally fast.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def orthogonalize(matrix: Tensor, steps: int = 5) -> Tensor:
    """Approximate U V^T of a matrix U S V^T [m, n] by a quintic Newton-Schulz iteration.

    One step is X -> B X with B = a + b G + c G^2 and G = X X^T. All these are polynomials of the first G, so
    the small matrices [m, m] are iterated and X is touched only at both ends: for the kernels of
    convolutions, where n = 9 m, this takes a third of the work. It needs float32: in bfloat16, rounding makes
    eigenvalues of the small matrices negative, which the iteration then blows up.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    gram, one = x @ x.T, torch.eye(len(x), device=x.device, dtype=x.dtype)
    product = one
    for i in range(steps):
        polynomial = 3.4445 * one - 4.7750 * gram + 2.0315 * gram @ gram
        product = polynomial @ product if i else polynomial
        if i < steps - 1:
            gram = polynomial @ gram @ polynomial
    x = product @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Steps of equal root mean square: 0.2 · sqrt(larger side) times the orthogonalized Nesterov momentum.

    Kernels [out, in, k, k] are treated as matrices [out, in·k·k]. The scale is that of Liu et al. 2025
    (https://arxiv.org/abs/2502.16982): the steps are as large as AdamW's.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01):
        """Take parameters of two or more dimensions."""
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(state["momentum"], group["momentum"]).flatten(1)
                update = orthogonalize(ahead)
                scale = 0.2 * max(ahead.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(update.reshape(weight.shape), alpha=-group["lr"] * scale)


def optimizers(
    modules: list[nn.Module], muon_rate: float, adam_rate: float, betas: tuple[float, float] = (0.9, 0.99)
) -> list[torch.optim.Optimizer]:
    """Split parameters: inner matrices to Muon; norms, biases, embeddings, first and last layers to AdamW."""
    inner: list[Tensor] = []
    outer: list[Tensor] = []
    for module in modules:
        for name, weight in module.named_parameters():
            edge = any(part in name for part in ("embedding", "conv_in", "conv_out", "quant_conv", "head"))
            (outer if weight.ndim < 2 or edge or muon_rate == 0 else inner).append(weight)
    adam = torch.optim.AdamW(outer, lr=adam_rate, betas=betas, weight_decay=0.0)
    return [Muon(inner, muon_rate), adam] if inner else [adam]
