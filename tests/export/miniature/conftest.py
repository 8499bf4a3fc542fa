"""An untrained miniature of the real one's shape, without training anything but its tokenizer."""

from __future__ import annotations

import pytest
import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTokenizer

from export.miniature.training import config, denoiser, pipeline, tokenizer, vae
from tests.conftest import Once


@pytest.fixture(scope="session")
def miniature_tokenizer(once: Once) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(once("miniature-tokenizer", tokenizer.train))


@pytest.fixture(scope="session")
def miniature_pipeline(miniature_tokenizer: CLIPTokenizer) -> StableDiffusionPipeline:
    """Latents [4, 16, 16], pictures 128×128, random weights; it hardly looks at its text."""
    settings = config.read(config.SHIPPED.with_name("tiny.toml"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = (
            vae.build(settings),
            denoiser.build_text_encoder(settings, miniature_tokenizer),
            denoiser.build_unet(settings),
        )
    return pipeline.assemble(*(part.eval() for part in parts), miniature_tokenizer)
