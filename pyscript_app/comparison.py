"""How far runs are apart: two, their steps in pairs and the step from which they part; and several in the end."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import permutations
from math import dist, hypot, inf

SAME = 1e-3  # relative: runs that end nearer than this end in one picture


def noise_left(noise_shares: Sequence[float]) -> list[float]:
    """The share of noise that a run's latents hold after each step.

    Args:
        noise_shares: Each frame's ``noise_share``, which is the share before its step.
    """
    return [*noise_shares[1:], 0.0]


def pair_steps(left_a: Sequence[float], left_b: Sequence[float]) -> list[int]:
    """For each step of one run, the step of the other whose latent holds the nearest share of noise.

    Args:
        left_a: ``noise_left`` of the one run.
        left_b: That of the other, at least one step.

    Returns:
        Indices into the other's steps, from 0; where two are as near, the earlier. Runs of one plan pair step by step.
    """
    return [min(range(len(left_b)), key=lambda index: abs(left_b[index] - left)) for left in left_a]


def relative_distance(a: array[float], b: array[float]) -> float:
    """Euclidean distance of two latents as a part of the first's length: 0 for equal ones, about sqrt(2) for noise.

    Raises:
        ValueError: They are of different sizes.
    """
    apart, length = dist(a, b), hypot(*a)
    if not apart:
        return 0.0
    return apart / length if length else inf


def mean_distance(latents: Sequence[array[float]]) -> float | None:
    """How far any two are apart on the average (``relative_distance``, each pair both ways); None for one alone."""
    distances = [relative_distance(a, b) for a, b in permutations(latents, 2)]
    return sum(distances) / len(distances) if distances else None


def parting(distances: Sequence[float]) -> int | None:
    """The step, from 1, from which on two runs are at least half as far apart as in the end.

    Args:
        distances: One after each step.

    Returns:
        None where they end together.
    """
    if not distances or distances[-1] < SAME:
        return None
    together = [step for step, distance in enumerate(distances, start=1) if distance < distances[-1] / 2]
    return together[-1] + 1 if together else 1
