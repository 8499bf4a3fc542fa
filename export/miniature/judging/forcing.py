"""Teacher forcing: drawn scenes, of which all is known, are shown to the denoiser with noise."""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from export.miniature.scenes.grammar import Scene
from export.miniature.scenes.scenes import draw
from export.miniature.training.vae import to_tensor


def latents_of(pipeline: StableDiffusionPipeline, scenes: Sequence[Scene]) -> Tensor:
    """Return the latents [B, C, h, w] of drawn scenes."""
    return pipeline.vae.encode(to_tensor(np.stack([draw(s).pixels for s in scenes]))).latent_dist.mode()


def text_of(pipeline: StableDiffusionPipeline, captions: Sequence[str]) -> Tensor:
    """Return the text [B, 77, d] of captions."""
    ids = pipeline.tokenizer(list(captions), padding="max_length", return_tensors="pt").input_ids
    return pipeline.text_encoder(ids).last_hidden_state


def noised(pipeline: StableDiffusionPipeline, z: Tensor, noise: Tensor, level: int) -> tuple[Tensor, Tensor]:
    """Return latents with the noise of timestep `level`, and the v that the UNet shall predict from them."""
    timesteps = torch.full((len(z),), level)
    scheduler = pipeline.scheduler
    return scheduler.add_noise(z, noise, timesteps), scheduler.get_velocity(z, noise, timesteps)
