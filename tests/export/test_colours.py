"""The colour view of latents."""

from __future__ import annotations

import pytest
import torch

from export.colours import fit_latent_view
from export.graphs import VaeEncoder, soft_picture
from export.pipeline import Pipeline


@torch.no_grad()
def test_the_colour_view_is_the_best_linear_one(pipeline: Pipeline) -> None:
    view = fit_latent_view(pipeline)
    generator = torch.Generator().manual_seed(0)
    encode = VaeEncoder(pipeline)

    def error(shift: float) -> float:
        total = 0.0
        generator.manual_seed(0)
        for index in range(24):
            picture = soft_picture((64, 64), 2 ** (1 + index % 4), generator)
            latent = encode(picture)["latent"][0].permute(1, 2, 0)
            cells = torch.nn.functional.avg_pool2d((picture + 1) / 2, 8)[0].permute(1, 2, 0)
            found = latent @ torch.tensor(view.weight) + torch.tensor(view.bias) + shift
            total += float((found - cells).square().mean())
        return (total / 24) ** 0.5

    assert error(0) == pytest.approx(view.error, rel=1e-3)
    assert min(error(0.01), error(-0.01)) > error(0)
    assert view.reach >= 3
