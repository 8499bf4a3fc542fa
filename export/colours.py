"""A colour view of latents: the linear map from latent channels to red, green and blue, fitted on the VAE."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn.functional import adaptive_avg_pool2d

from export.graphs import VaeEncoder, soft_picture
from export.pipeline import Pipeline

PICTURES = 24
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
    channels, height, width = pipeline.latent_shape
    latents, colours = [], []
    for index in range(PICTURES):
        picture = soft_picture(pipeline.picture_size, 2 ** (1 + index % 4), generator)
        latents.append(encoder(picture)["latent"][0].flatten(1).T)  # (h*w, C)
        colours.append(adaptive_avg_pool2d((picture[0] + 1) / 2, (height, width)).flatten(1).T)  # (h*w, 3)
    x, y = torch.cat(latents).double(), torch.cat(colours).double()
    x1 = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)  # (cells, C + 1)
    fitted = torch.linalg.lstsq(x1, y).solution
    reach = max(NOISE, float(x.abs().quantile(0.999)))
    return LatentView(
        weight=[[round(value, 6) for value in row] for row in fitted[:channels].tolist()],
        bias=[round(value, 6) for value in fitted[channels].tolist()],
        reach=math.ceil(reach * 10) / 10,
        error=float((x1 @ fitted - y).square().mean().sqrt()),
    )
