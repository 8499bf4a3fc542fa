"""The two graphs without weights, against the same sums in numpy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close

from export.graphs.step import Step, WordMaps, bicubic_matrix


@pytest.mark.parametrize("batch", [1, 2])
def test_step_is_the_matrix_product_of_the_contract(batch: int) -> None:
    step = Step((4, 6, 6), batch)
    feeds = step.examples(torch.Generator().manual_seed(0))
    found = step(**feeds)
    x, outputs, noise, history = (
        feeds[name].reshape(-1, 144).numpy() for name in ("latent", "output", "noise", "history")
    )
    assert len(outputs) == batch
    rows = np.concatenate([x, outputs[:1], outputs[-1:], noise, history, np.zeros((1, 144), np.float32)])
    mixed = (feeds["coefficients"].numpy() @ rows).reshape(10, 4, 6, 6)
    truth = {
        "next_latent": mixed[0:1],
        "latents": np.stack([mixed[1]] * batch),
        "x0": mixed[2:3],
        "eps_uncond": mixed[3:4],
        "eps_cond": mixed[4:5],
        "eps": mixed[5:6],
        "next_history": mixed[6:9],
    }
    assert list(found) == list(truth)
    for name, value in truth.items():
        assert found[name].shape == value.shape
        np.testing.assert_allclose(found[name].numpy(), value, atol=1e-5)


@pytest.mark.parametrize(("size", "enlarged"), [(4, 8), (8, 64), (5, 15), (16, 16)])
def test_bicubic_matrix_is_torchs_interpolation(size: int, enlarged: int) -> None:
    picture = torch.rand(3, size, size, generator=torch.Generator().manual_seed(0))
    matrix = bicubic_matrix(size, enlarged)
    truth = interpolate(picture[None], size=enlarged, mode="bicubic", align_corners=False)[0]
    assert_close(matrix @ picture @ matrix.T, truth, atol=1e-5, rtol=1e-5)


def test_maps_pool_as_daam_does() -> None:
    """DAAM: enlarge each layer bicubically, average over layers, heads and pieces of the word."""
    graph = WordMaps({8: 3, 4: 2}, 77)
    feeds = graph.examples(torch.Generator().manual_seed(1))
    found = graph(**feeds)
    small = interpolate(feeds["attention_4"][None], size=8, mode="bicubic", align_corners=False)[0]
    tokens = (feeds["attention_8"] + small) / 5
    one, two = tokens[1], (tokens[2] + tokens[3]) / 2
    assert_close(found["maps"][0], one.clamp(min=0))
    assert_close(found["maps"][1], two.clamp(min=0))
    assert found["maps"][2:].abs().max() == 0
    assert_close(found["next_total"][1], feeds["total"][1] + two)
    assert_close(found["mean_maps"][0], (feeds["total"][0] + one).clamp(min=0) / 3)
    assert_close(found["shares"][:2], torch.stack([one.mean(), (tokens[2] + tokens[3]).mean()]))


def test_shares_of_all_tokens_are_one() -> None:
    graph = WordMaps({8: 2, 4: 1}, 77)
    feeds = graph.examples(torch.Generator().manual_seed(2))
    for side, layers in ((8, 2), (4, 1)):
        raw = feeds[f"attention_{side}"]
        feeds[f"attention_{side}"] = layers * raw / raw.sum(0)  # layers of probabilities
    feeds["words"] = torch.eye(77)
    assert_close(graph(**feeds)["shares"].sum(), torch.tensor(1.0), atol=1e-5, rtol=0)
