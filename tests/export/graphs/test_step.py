"""The step's graph, against the same sums in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.graphs.step import Step


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
