"""The graphs between latents and pictures: the autoencoder's halves and the small decoder of previews."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from export.checkpoint.pipeline import Pipeline
from export.graphs.attention import PlainAttention


class VaeDecoder(nn.Module):
    """``latent [1, C, h, w]`` → ``picture [H, W, 4]``, RGBA from 0 to 255 in whole numbers."""

    name = "vae_decoder"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.vae = self.network_of(pipeline)
        self.shape = pipeline.latent_shape
        self.scale = float(self.vae.config.scaling_factor)
        self.shift = float(self.vae.config.shift_factor or 0)

    def network_of(self, pipeline: Pipeline) -> Any:
        """The autoencoder that decodes."""
        pipeline.vae.set_attn_processor(PlainAttention())
        return pipeline.vae

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A latent of unit variance, as a Stable Diffusion VAE's are."""
        return {"latent": torch.randn(1, *self.shape, generator=generator)}

    def levels(self, latent: Tensor) -> Tensor:
        """The picture ``[H, W, 4]`` before it is rounded to whole levels."""
        picture = self.vae.decode(latent / self.scale + self.shift, return_dict=False)[0][
            0
        ]  # (3, H, W) in -1…1
        return rgba((picture + 1) * 127.5)

    def forward(self, latent: Tensor) -> dict[str, Tensor]:
        """Decode and round, ready to be painted."""
        return {"picture": self.levels(latent).round()}


class PreviewDecoder(VaeDecoder):
    """The same by an AutoencoderTiny, whose pictures are rougher and made in a hundredth of the time."""

    name = "preview_decoder"

    def network_of(self, pipeline: Pipeline) -> Any:
        """The small autoencoder that came with the pipeline."""
        return pipeline.preview


class VaeEncoder(nn.Module):
    """``picture [1, 3, H, W]`` in -1…1 → ``latent [1, C, h, w]``, the scaled mean."""

    name = "vae_encoder"

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.vae = pipeline.vae
        self.vae.set_attn_processor(PlainAttention())
        self.size = pipeline.picture_size
        self.scale = float(self.vae.config.scaling_factor)
        self.shift = float(self.vae.config.shift_factor or 0)

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A picture of flowing colours."""
        return {"picture": soft_picture(self.size, 8, generator)}

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Encode; the posterior's variance is not used."""
        mean = self.vae.encode(picture, return_dict=False)[0].mean
        return {"latent": (mean - self.shift) * self.scale}


def rgba(levels: Tensor) -> Tensor:
    """``[3, H, W]`` → ``[H, W, 4]``, opaque and within 0…255, not yet rounded."""
    rgb = levels.clamp(0, 255).permute(1, 2, 0)  # (H, W, 3)
    return nn.functional.pad(rgb, (0, 1), value=255.0)  # a plane of 255 as a constant would be a megabyte


def soft_picture(size: tuple[int, int], cells: int, generator: torch.Generator) -> Tensor:
    """A picture ``[1, 3, H, W]`` in -1…1 of flowing colours, ``cells`` of them in each direction."""
    coarse = torch.rand(1, 3, cells, cells, generator=generator) * 2 - 1
    return nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(-1, 1)
