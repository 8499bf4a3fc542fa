"""Muon for matrices and convolutions, AdamW for the rest.

Muon (Keller Jordan, 2024, https://kellerjordan.github.io/posts/muon): the momentum of a weight matrix is
replaced by the nearest orthogonal matrix, so that every direction learns equally fast.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def orthogonalize(matrix: Tensor, steps: int = 5) -> Tensor:
    """Approximate U V^T of a matrix U S V^T [m, n] by a quintic Newton-Schulz iteration."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
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
    def step(self, closure: Callable[[], float] | None = None) -> None:
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
                update = orthogonalize(ahead.bfloat16() if weight.is_cuda else ahead)
                scale = 0.2 * max(ahead.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(update.reshape(weight.shape).to(weight.dtype), alpha=-group["lr"] * scale)


def optimizers(
    modules: list[nn.Module], muon_rate: float, adam_rate: float, betas: tuple[float, float] = (0.9, 0.99)
) -> list[torch.optim.Optimizer]:
    """Split parameters: inner matrices to Muon; norms, biases, embeddings, first and last layers to AdamW."""
    inner, outer = [], []
    for module in modules:
        for name, weight in module.named_parameters():
            edge = any(part in name for part in ("embedding", "conv_in", "conv_out", "quant_conv", "head"))
            (outer if weight.ndim < 2 or edge or muon_rate == 0 else inner).append(weight)
    adam = torch.optim.AdamW(outer, lr=adam_rate, betas=betas, weight_decay=0.0)
    return [Muon(inner, muon_rate), adam] if inner else [adam]
