"""Pictures from latents and back are those of diffusers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from diffusers.image_processor import VaeImageProcessor
from torch.testing import assert_close

from export.checkpoint.pipeline import Pipeline, load_pipeline
from export.graphs.pictures import PreviewDecoder, VaeDecoder, VaeEncoder
from tests.export.checkpoints import save_preview_decoder


@torch.no_grad()
def test_pictures_are_what_diffusers_would_save(pipeline: Pipeline) -> None:
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    decoded = pipeline.vae.decode(latent / pipeline.vae.config.scaling_factor).sample
    saved = np.asarray(VaeImageProcessor().postprocess(decoded, "pil")[0], np.int16)
    found = VaeDecoder(pipeline)(latent)["picture"].numpy()
    assert (
        np.abs(found[..., :3] - saved).max() <= 1
    )  # 127.5 (x + 1) and 255 (x / 2 + 0.5) differ in the last bit
    assert (found[..., :3] != saved).mean() < 1e-3


@torch.no_grad()
def test_encoding_is_scaled_as_in_diffusers(pipeline: Pipeline) -> None:
    graph = VaeEncoder(pipeline)
    picture = graph.examples(torch.Generator().manual_seed(0))["picture"]
    assert picture.abs().max() <= 1
    truth = pipeline.vae.encode(picture).latent_dist.mode() * pipeline.vae.config.scaling_factor
    assert_close(graph(picture)["latent"], truth)


@torch.no_grad()
def test_previews_are_what_diffusers_would_save(
    tiny_checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = save_preview_decoder(tmp_path / "taesd")
    pipeline = load_pipeline(tiny_checkpoint("sd1"), preview_decoder=folder)
    graph = PreviewDecoder(pipeline)
    latent = graph.examples(torch.Generator().manual_seed(0))["latent"]
    decoded = AutoencoderTiny.from_pretrained(folder).decode(latent).sample
    saved = np.asarray(VaeImageProcessor().postprocess(decoded, "pil")[0], np.int16)
    found = graph(latent)["picture"].numpy()
    assert np.abs(found[..., :3] - saved).max() <= 1
    assert (found[..., 3] == 255).all()
