"""The map's axes: against the definition by eigenvectors, on a real model, and read by the loop's own code."""

from __future__ import annotations

import shutil
from array import array
from pathlib import Path

import numpy as np
import pytest

from export.format.manifest import read_manifest, write_manifest
from export.native.axes import by_chance, components, ways, write_axes
from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.axes import Axes


def test_components_are_the_eigenvectors_of_the_covariance() -> None:
    points = np.random.default_rng(0).normal(size=(200, 12)) * np.linspace(3, 0.1, 12)
    axes, variance = components(points)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    assert variance == pytest.approx(values[::-1][:2] / values.sum())
    for axis, vector in zip(axes, vectors.T[::-1], strict=False):
        assert abs(axis @ vector) == pytest.approx(1)
        assert axis[np.abs(axis).argmax()] > 0


def test_directions_by_chance_are_at_right_angles_and_always_the_same() -> None:
    axes = by_chance(50)
    assert axes @ axes.T == pytest.approx(np.eye(2))
    assert np.array_equal(axes, by_chance(50))


@pytest.fixture(scope="module")
def runtime(float_model: Path, tmp_path_factory: pytest.TempPathFactory) -> NativeRuntime:
    """A copy, since the axes are written into it."""
    return NativeRuntime(shutil.copytree(float_model, tmp_path_factory.mktemp("axes") / "model"))


def test_a_run_s_way_on_the_map_is_the_projection_that_numpy_computes(runtime: NativeRuntime) -> None:
    said = write_axes(runtime, ["a red car", "a boat"], runs=3, steps=4)
    assert (said["runs"], len(said["variance"])) == (3, 2)
    points = ways(runtime, ["a red car", "a boat"], runs=3, steps=4)
    assert points.shape[0] == 3 * 5
    stored = np.fromfile(runtime.folder / said["file"], "<f4").reshape(3, -1)
    axes = Axes.from_bytes((runtime.folder / said["file"]).read_bytes())
    frames = draw(runtime, settings_for(runtime.manifest, prompt="a cat", seed=9, steps=4))
    for frame in frames:
        expected = stored[1:].astype(float) @ (np.asarray(frame.latent, float) - stored[0])
        assert axes.place(frame.latent) == pytest.approx(tuple(expected), abs=1e-4)
    # What the axes were fitted on is told apart on them: its variance is the share that is promised.
    places = np.array([axes.place(array("f", point)) for point in points])
    np.testing.assert_allclose(said["extent"], np.stack([places.min(0), places.max(0)], 1), atol=0.006)
    assert places.var(0).sum() / points.var(0).sum() == pytest.approx(sum(said["variance"]), abs=1e-3)


def test_a_model_whose_runs_take_too_long_has_directions_by_chance_and_says_so(
    runtime: NativeRuntime,
) -> None:
    said = write_axes(runtime, [], runs=0)
    assert said == {"file": "axes.bin", "runs": 0}
    manifest = read_manifest(runtime.folder) | {"axes": said}
    write_manifest(runtime.folder, manifest)
    assert read_manifest(runtime.folder)["axes"] == said
