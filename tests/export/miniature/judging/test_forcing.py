"""Teacher forcing shows the denoiser what it saw while it learned."""

import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTokenizer

from export.miniature.judging.forcing import latents_of, noised, text_of
from export.miniature.scenes import grammar
from export.miniature.training.latents import describe


@torch.no_grad()
def test_noise_and_target_are_those_of_the_training(miniature_pipeline: StableDiffusionPipeline) -> None:
    scenes = [grammar.scene(i) for i in range(2)]
    z = latents_of(miniature_pipeline, scenes)
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    x, v = noised(miniature_pipeline, z, noise, 500)
    alpha = miniature_pipeline.scheduler.alphas_cumprod[500]
    assert torch.allclose(x, alpha.sqrt() * z + (1 - alpha).sqrt() * noise, atol=1e-6)
    assert torch.allclose(v, alpha.sqrt() * noise - (1 - alpha).sqrt() * z, atol=1e-6)
    assert torch.allclose(alpha.sqrt() * x - (1 - alpha).sqrt() * v, z, atol=1e-5)  # v gives the picture back


@torch.no_grad()
def test_text_is_that_of_the_cached_captions(miniature_pipeline: StableDiffusionPipeline) -> None:
    scene = grammar.scene(5)
    tokenizer: CLIPTokenizer = miniature_pipeline.tokenizer
    ids = torch.from_numpy(describe(scene, tokenizer)["ids"][:1]).long()
    cached = miniature_pipeline.text_encoder(ids).last_hidden_state
    assert torch.equal(text_of(miniature_pipeline, [grammar.caption(scene)]), cached)
