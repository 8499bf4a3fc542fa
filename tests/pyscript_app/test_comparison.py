"""Two runs side by side: which steps belong together, how far apart they are, and where they lie on the map."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from pyscript_app.axes import Axes
from pyscript_app.comparison import noise_left, pair_steps, parting, relative_distance
from pyscript_app.refusal import RefusalError
from pyscript_app.samplers import plan
from pyscript_app.schedule import Schedule

SD15 = Schedule(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)


def left(sampler: str, steps: int) -> list[float]:
    return noise_left([step.noise_share for step in plan(sampler, SD15, steps).steps])


@pytest.mark.parametrize("sampler", ["ddim", "dpm++2m", "pndm"])
def test_runs_of_one_plan_pair_step_by_step(sampler: str) -> None:
    shares = left(sampler, 10)
    pairs = pair_steps(shares, shares)
    # PNDM calls the network twice at one time, and either call may stand for that step.
    assert [shares[index] for index in pairs] == shares
    assert pairs[-1] == len(shares) - 1


def test_steps_of_other_numbers_pair_by_the_nearest_share_of_noise() -> None:
    few, many = left("ddim", 5), left("ddim", 20)
    pairs = pair_steps(few, many)
    nearest = np.abs(np.subtract.outer(few, many)).argmin(axis=1)
    assert pairs == nearest.tolist()
    assert pairs[-1] == 19  # both end in a picture
    assert pairs == sorted(pairs)


def test_a_distance_is_relative_to_the_first() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 1024)).astype(np.float32)
    expected = np.linalg.norm(a.astype(float) - b) / np.linalg.norm(a.astype(float))
    assert relative_distance(array("f", a), array("f", b)) == pytest.approx(expected, rel=1e-6)
    assert relative_distance(array("f", a), array("f", a)) == 0
    zeros = array("f", [0, 0])
    assert (relative_distance(zeros, zeros), relative_distance(zeros, array("f", [1, 0]))) == (
        0,
        float("inf"),
    )
    with pytest.raises(ValueError, match="dimension"):
        relative_distance(zeros, array("f", [0, 0, 0]))


@pytest.mark.parametrize(
    ("distances", "step"),
    [
        ([0.0, 0.0, 0.0], None),
        ([0.3, 0.2, 0.0], None),  # they found each other
        ([0.0, 0.1, 0.3, 0.4], 3),
        ([0.3, 0.4, 0.4], 1),
        ([0.3, 0.1, 0.4], 3),  # until then it was to and fro
        ([], None),
    ],
)
def test_runs_part_where_half_of_the_way_is_behind_them(distances: list[float], step: int | None) -> None:
    assert parting(distances) == step


def test_a_place_on_the_map_is_the_projection_that_numpy_computes() -> None:
    mean, across, up, latent = np.random.default_rng(0).normal(size=(4, 1024)).astype("<f4")
    axes = Axes.from_bytes(mean.tobytes() + across.tobytes() + up.tobytes())
    expected = np.stack([across, up]).astype(float) @ (latent.astype(float) - mean)
    assert axes.place(array("f", latent)) == pytest.approx(tuple(expected), abs=1e-4)


def test_axes_of_another_model_are_refused() -> None:
    with pytest.raises(RefusalError, match="damaged"):
        Axes.from_bytes(bytes(28))
    with pytest.raises(ValueError, match="zip"):
        Axes.from_bytes(bytes(24)).place(array("f", [0, 0, 0]))
