"""A colour view of latents: the linear map from latent channels to red, green and blue, fitted on the VAE."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from export.checkpoint.pipeline import Pipeline
from export.graphs.bicubic import bicubic_matrix
from export.graphs.pictures import VaeEncoder, rgba, soft_picture

PICTURES = 12
SIDE = 128  # pixels; the map is the same for every cell, so that small pictures teach as much as large ones
NOISE = 3.0  # nearly all of a standard normal distribution lies within


@dataclass(frozen=True)
class LatentView:
    """How latents are shown: rgb (0-1) = latent · weight + bias."""

    weight: list[list[float]]  # (C, 3)
    bias: list[float]  # (3,)
    reach: float  # nearly all values of noise and of pictures lie within ± this
    error: float  # root mean square of the colours that the map misses


@torch.no_grad()
def fit_latent_view(pipeline: Pipeline) -> LatentView:
    """Encode soft random pictures and fit their colours, averaged over each latent cell, by least squares."""
    generator = torch.Generator().manual_seed(0)
    encoder = VaeEncoder(pipeline)
    height, width = (min(side, SIDE) for side in pipeline.picture_size)
    latents, colours = [], []
    for index in range(PICTURES):
        picture = soft_picture((height, width), 2 ** (1 + index % 4), generator)
        latent = encoder(picture)["latent"][0]  # (C, h, w)
        latents.append(latent.flatten(1).T)  # (h*w, C)
        colours.append(adaptive_avg_pool2d((picture[0] + 1) / 2, latent.shape[1:]).flatten(1).T)  # (h*w, 3)
    x, y = torch.cat(latents).double(), torch.cat(colours).double()
    x1 = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)  # (cells, C + 1)
    fitted = torch.linalg.lstsq(x1, y).solution
    reach = max(NOISE, float(x.abs().quantile(0.999)))
    return LatentView(
        weight=[[round(value, 6) for value in row] for row in fitted[:-1].tolist()],
        bias=[round(value, 6) for value in fitted[-1].tolist()],
        reach=math.ceil(reach * 10) / 10,
        error=float((x1 @ fitted - y).square().mean().sqrt()),
    )


class LatentRgb(nn.Module):
    """``latent [1, C, h, w]`` → ``picture [H, W, 4]``: the colour view enlarged, as a preview that costs nothing."""

    name = "latent_rgb"

    def __init__(self, pipeline: Pipeline, view: LatentView) -> None:
        super().__init__()
        self.view = view
        self.shape = pipeline.latent_shape
        _, side, _ = self.shape
        self.weight = nn.Buffer(torch.tensor(view.weight).T.contiguous())  # (3, C)
        self.bias = nn.Buffer(torch.tensor(view.bias)[:, None])
        self.enlarge = nn.Buffer(
            bicubic_matrix(side, pipeline.picture_size[0])
        )  # (H, h); pictures are square

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A latent of unit variance, as a Stable Diffusion VAE's are."""
        return {"latent": torch.randn(1, *self.shape, generator=generator)}

    def levels(self, latent: Tensor) -> Tensor:
        """The picture ``[H, W, 4]`` before it is rounded to whole levels."""
        rgb = self.weight @ latent[0].flatten(1) + self.bias  # (3, h*w)
        picture = self.enlarge @ rgb.reshape(3, *self.shape[1:]) @ self.enlarge.T  # (3, H, W)
        return rgba(picture * 255)

    def forward(self, latent: Tensor) -> dict[str, Tensor]:
        """Map the channels to colours, enlarge and round, ready to be painted."""
        return {"picture": self.levels(latent).round()}
