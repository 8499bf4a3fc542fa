"""Where in time a run's steps lie, if not where the model's own configuration puts them.

``trained`` as the configuration says; ``trailing`` evenly in time from pure noise on; ``noise`` evenly in the noise's
share; ``early`` and ``late`` crowd the steps where there is most or least noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from pyscript_app.refusal import RefusalError
from pyscript_app.schedule import Schedule


def trailing(schedule: Schedule, steps: int) -> list[int]:
    """Evenly in time and from pure noise on: Lin et al., https://arxiv.org/abs/2305.08891, table 2."""
    return [round(time) for time in replace(schedule, timestep_spacing="trailing").timesteps(steps, "")]


def even_noise(schedule: Schedule, steps: int) -> list[int]:
    """Each step takes away as much of the noise's share sqrt(1 - abar) as any other."""
    shares = [math.sqrt(1 - value) for value in schedule.alphas_cumprod()]
    wanted = [shares[-1] * (1 - i / steps) for i in range(steps)]
    return [min(range(len(shares)), key=lambda time: abs(shares[time] - share)) for share in wanted]


def early(schedule: Schedule, steps: int) -> list[int]:
    """Exponentially, most steps in the noise.

    After Park et al., "Explaining generative diffusion models via visual analysis for interpretable decision-making
    process": pure noise first, then the number of times less the powers of ``_ratio``.
    """
    n, ratio = schedule.num_train_timesteps, _ratio(schedule, steps)
    gaps = [math.floor(ratio ** (i + 1 + GAMMA * steps)) for i in range(steps - 1)]
    return [n - 1, *(n - gap for gap in gaps)]


def late(schedule: Schedule, steps: int) -> list[int]:
    """The mirror image of ``early``: most steps where little noise is left; the last one jumps to the picture."""
    n, ratio = schedule.num_train_timesteps, _ratio(schedule, steps)
    powers = [math.floor(ratio ** (GAMMA * steps + steps - i)) for i in range(1, steps)]
    return [n - 1, *powers]


# The paper's gamma is 60 with 30 steps; that many for each step, so that the curve is the same for any number.
GAMMA = 2


def _ratio(schedule: Schedule, steps: int) -> float:
    """How much further each step lies than its neighbour: T^(1 / (steps + gamma))."""
    return float(schedule.num_train_timesteps ** (1 / (steps + GAMMA * steps)))


TRAINED = "trained"
SPACINGS: dict[str, Callable[[Schedule, int], list[int]]] = {
    "trailing": trailing,
    "noise": even_noise,
    "early": early,
    "late": late,
}
NAMES = (TRAINED, *SPACINGS)


def spaced(spacing: str, schedule: Schedule, steps: int) -> list[int]:
    """The times of one of SPACINGS, whole, from noise to picture.

    Raises:
        RefusalError: So many steps do not fit.
    """
    schedule.check_steps(steps)
    times = SPACINGS[spacing](schedule, steps)
    if any(after >= before for before, after in pairwise(times)):
        raise RefusalError("spacing-steps", spacing=spacing, steps=steps)
    return times
