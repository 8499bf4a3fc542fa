"""The axes of the map of latents (pyscript_app/axes.py): principal components of many runs, fitted once for a model.

They are kept with the model, so that the map never moves: not from run to run, and not from visitor to visitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime

FILE = "axes.bin"
SEED = 0  # of directions by chance; runs take the seeds from here on


def components(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two directions in which points differ most.

    Args:
        points: ``[n, d]``, at least two.

    Returns:
        Directions ``[2, d]`` of length 1 whose largest value is positive, and the parts of the variance along them
        ``[2]``.
    """
    _, spread, directions = np.linalg.svd(points - points.mean(0), full_matrices=False)
    axes, variance = directions[:2], spread**2 / (spread**2).sum()
    largest = np.take_along_axis(axes, np.abs(axes).argmax(1, keepdims=True), 1)
    return axes * np.sign(largest), variance[:2]


def by_chance(size: int) -> np.ndarray:
    """Two directions ``[2, size]`` at right angles, always the same."""
    square, _ = np.linalg.qr(np.random.default_rng(SEED).normal(size=(size, 2)))
    return square.T


def ways(runtime: NativeRuntime, prompts: Sequence[str], runs: int, steps: int | None = None) -> np.ndarray:
    """The latents of runs, from the noise to the picture: ``[runs * (steps + 1), C * h * w]``.

    Args:
        runtime: of the model.
        prompts: drawn one after the other, again and again, each run from a seed of its own.
        runs: how many, at least 1.
        steps: of each run; the model's own number where None.
    """
    latents: list[np.ndarray] = []
    for seed in range(SEED, SEED + runs):
        prompt = prompts[seed % len(prompts)]
        frames = list(
            draw(
                runtime, settings_for(runtime.manifest, prompt=prompt, seed=seed, steps=steps), last_only=True
            )
        )
        latents += [np.asarray(frames[0].latent_in), *(np.asarray(frame.latent) for frame in frames)]
    return np.stack(latents).astype(float)


def write_axes(
    runtime: NativeRuntime, prompts: Sequence[str], runs: int, steps: int | None = None
) -> dict[str, Any]:
    """Fit a model's axes and write them into its folder.

    Args:
        runtime: of the model.
        prompts: for the runs.
        runs: how many; with 0 the directions are by chance, for models whose runs take too long.
        steps: of each run; the model's own number where None.

    Returns:
        The manifest's ``axes``.
    """
    latent = runtime.manifest["latent"]
    size = latent["channels"] * latent["height"] * latent["width"]
    mean, axes, said = np.zeros(size), by_chance(size), {}
    if runs:
        points = ways(runtime, prompts, runs, steps)
        mean, (axes, variance) = points.mean(0), components(points)
        places = (points - mean) @ axes.T
        ends = np.stack([places.min(0), places.max(0)], 1).round(2)
        said = {"variance": [float(f"{part:.4f}") for part in variance], "extent": ends.tolist()}
    (Path(runtime.folder) / FILE).write_bytes(np.stack([mean, *axes]).astype("<f4").tobytes())
    return {"file": FILE, "runs": runs, **said}
