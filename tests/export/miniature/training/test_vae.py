"""The measures of a reconstruction, against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from diffusers import StableDiffusionPipeline

from export.miniature.training.vae import fresh_quality, psnr, ssim, to_tensor

# scikit-image 0.26: structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
# data_range=255, channel_axis=-1) with the pictures below.
EXPECTED = {
    "same": 1.0,
    "noisy": 0.904324461469097,
    "negative": -0.9611833652425936,
    "flat": 0.010819333864357785,
}


def pictures() -> dict[str, np.ndarray]:
    """A random picture `same`, and others to compare with it, uint8 [32, 40, 3]."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (32, 40, 3), dtype=np.uint8)
    noisy = np.clip(a.astype(int) + rng.integers(-60, 61, a.shape), 0, 255).astype(np.uint8)
    return {"same": a, "noisy": noisy, "negative": 255 - a, "flat": np.full_like(a, 128)}


@pytest.mark.parametrize("name", EXPECTED)
def test_ssim_is_scikit_images(name: str) -> None:
    made = pictures()
    x, y = (to_tensor(made[each][None]) for each in ("same", name))
    assert ssim(x, y) == pytest.approx(EXPECTED[name], abs=1e-5)


def test_ssim_of_several_is_the_mean() -> None:
    made = pictures()
    x, y = to_tensor(np.stack([made["same"]] * 2)), to_tensor(np.stack([made["noisy"], made["flat"]]))
    assert ssim(x, y) == pytest.approx((EXPECTED["noisy"] + EXPECTED["flat"]) / 2, abs=1e-5)


def test_psnr_of_a_known_error() -> None:
    x = to_tensor(np.full((1, 8, 8, 3), 100, np.uint8))
    y = to_tensor(np.full((1, 8, 8, 3), 110, np.uint8))
    assert psnr(x, y) == pytest.approx(20 * np.log10(255 / 10), abs=1e-4)


def test_an_untrained_autoencoder_is_a_poor_one(miniature_pipeline: StableDiffusionPipeline) -> None:
    found = fresh_quality(miniature_pipeline.vae, count=4)
    assert 3 < found["psnr"] < 20
    assert -0.2 < found["ssim"] < 0.6
