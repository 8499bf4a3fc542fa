"""The colour view of latents."""

from __future__ import annotations

import pytest
import torch

from export.checkpoint.pipeline import Pipeline
from export.graphs.colours import PICTURES, LatentRgb, LatentView, fit_latent_view
from export.graphs.pictures import VaeEncoder, soft_picture


@torch.no_grad()
def test_the_colour_view_is_the_best_linear_one(pipeline: Pipeline) -> None:
    view = fit_latent_view(pipeline)
    generator = torch.Generator().manual_seed(0)
    encode = VaeEncoder(pipeline)

    def error(shift: float) -> float:
        total = 0.0
        generator.manual_seed(0)
        for index in range(PICTURES):
            picture = soft_picture((64, 64), 2 ** (1 + index % 4), generator)
            latent = encode(picture)["latent"][0].permute(1, 2, 0)
            cells = torch.nn.functional.avg_pool2d((picture + 1) / 2, 8)[0].permute(1, 2, 0)
            found = latent @ torch.tensor(view.weight) + torch.tensor(view.bias) + shift
            total += float((found - cells).square().mean())
        return (total / PICTURES) ** 0.5

    assert error(0) == pytest.approx(view.error, rel=1e-3)
    assert min(error(0.01), error(-0.01)) > error(0)
    assert view.reach >= 3


@torch.no_grad()
def test_a_large_pipeline_is_fitted_on_small_pictures(pipeline: Pipeline) -> None:
    """The network has no size of its own, so that the map of a small picture is that of a large one."""
    sizes = []
    handle = pipeline.vae.encoder.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape))
    size = pipeline.unet.config.sample_size
    try:
        pipeline.unet.register_to_config(sample_size=64)
        assert pipeline.picture_size == (512, 512)
        fit_latent_view(pipeline)
    finally:
        handle.remove()
        pipeline.unet.register_to_config(sample_size=size)
    assert set(sizes) == {(1, 3, 128, 128)}


@torch.no_grad()
def test_the_preview_shows_the_colours_enlarged(pipeline: Pipeline) -> None:
    view = LatentView([[0.3, 0, 0], [0, 0.3, 0], [0, 0, 0.3], [0, 0, 0]], [0.5, 0.5, 0.5], 3.0, 0.0)
    graph = LatentRgb(pipeline, view)
    latent = torch.full((1, 4, 8, 8), 9.0)
    latent[0, :3] = torch.tensor([1.0, -1.0, 0.5])[:, None, None]
    picture = graph(latent)["picture"]
    assert picture.shape == (64, 64, 4)
    assert torch.equal(picture, torch.tensor([204.0, 51.0, 166.0, 255.0]).expand(64, 64, 4))

    latent = graph.examples(torch.Generator().manual_seed(0))["latent"]
    small = torch.einsum("chw,cr->rhw", latent[0], torch.tensor(view.weight)) + 0.5
    large = torch.nn.functional.interpolate(small[None], size=(64, 64), mode="bicubic")[0]
    truth = (large * 255).clamp(0, 255).permute(1, 2, 0)
    torch.testing.assert_close(graph.levels(latent)[..., :3], truth, atol=1e-3, rtol=1e-5)
