"""How much noise there is at which time: betas, their cumulative product, and the times that a sampler visits.

Numbers as in diffusers 0.39, computed in double precision. With abar(t) the share of the picture's variance that is
left at time t, a noisy latent is ``x_t = sqrt(abar) x_0 + sqrt(1 - abar) eps`` (Ho et al., DDPM,
https://arxiv.org/abs/2006.11239); its noise level is ``sigma = sqrt((1 - abar) / abar)``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate, pairwise
from operator import mul
from typing import Any

from pyscript_app.refusal import RefusalError, choices

BETA_SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2")
PREDICTION_TYPES = ("epsilon", "v_prediction")
SPACINGS = ("leading", "linspace", "trailing")
FINAL_SIGMAS = ("zero", "sigma_min")

# Fields of diffusers' configurations that say how the network was taught, or that no linear update can do, and that
# are not rebuilt here: the only value of each that is accepted.
FIXED = {
    "thresholding": False,
    "timestep_type": "discrete",
    "trained_betas": None,
    "use_flow_sigmas": False,
}

# Fields by which a scheduler class shapes its own update, or chooses its own noise levels (Karras et al.'s, say) from
# those that the network knows. Every network can do without, and the samplers here do: they keep to the schedule's
# levels, and to their own solver. ``clip_sample`` is for pictures; diffusers turns it off for latents.
IGNORED = (
    "algorithm_type",
    "clip_sample",
    "interpolation_type",
    "lambda_min_clipped",
    "sigma_max",
    "sigma_min",
    "solver_order",
    "solver_type",
    "use_beta_sigmas",
    "use_exponential_sigmas",
    "use_karras_sigmas",
    "use_lu_lambdas",
)


@dataclass(frozen=True)
class Schedule:
    """The fields of a diffusers scheduler configuration that decide the numbers.

    Names and defaults are diffusers'. None means that the configuration leaves the field out, where diffusers'
    samplers differ in what they then do (see ``samplers.py``).
    """

    num_train_timesteps: int = 1000
    beta_start: float = 0.0001
    beta_end: float = 0.02
    beta_schedule: str = "linear"
    prediction_type: str = "epsilon"
    timestep_spacing: str | None = None
    steps_offset: int = 0
    rescale_betas_zero_snr: bool = False
    set_alpha_to_one: bool | None = None
    final_sigmas_type: str = "zero"
    lower_order_final: bool = True
    euler_at_final: bool = False
    original_inference_steps: int = 50
    timestep_scaling: float = 10.0

    def __post_init__(self) -> None:
        for name, known in (
            ("beta_schedule", BETA_SCHEDULES),
            ("prediction_type", PREDICTION_TYPES),
            ("timestep_spacing", (*SPACINGS, None)),
            ("final_sigmas_type", FINAL_SIGMAS),
        ):
            if (value := getattr(self, name)) not in known:
                names = choices(tuple(filter(None, known)))
                raise RefusalError("scheduler-value", name=name, value=repr(value), choices=names)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Schedule:
        """Read the ``scheduler_config.json`` of any of diffusers' classes; what is left aside, ``IGNORED`` lists.

        Raises:
            RefusalError: The network was taught in a way that is not rebuilt here.
        """
        for name, accepted in FIXED.items():
            if name in config and config[name] not in (accepted, None):  # a list is not hashable
                raise RefusalError(
                    "scheduler-fixed", name=name, value=repr(config[name]), accepted=repr(accepted)
                )
        return cls(**{field.name: config[field.name] for field in fields(cls) if field.name in config})

    def betas(self) -> list[float]:
        """Variance of the noise that each training step adds, [num_train_timesteps]."""
        n = self.num_train_timesteps
        if self.beta_schedule == "linear":
            return linspace(self.beta_start, self.beta_end, n)
        if self.beta_schedule == "scaled_linear":
            return [root**2 for root in linspace(self.beta_start**0.5, self.beta_end**0.5, n)]
        # Nichol and Dhariwal, https://arxiv.org/abs/2102.09672
        level = [math.cos((i / n + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(n + 1)]
        return [min(1 - after / before, 0.999) for before, after in pairwise(level)]

    def alphas_cumprod(self, *, rescale: bool = True) -> list[float]:
        """Abar at every training time; ``rescale=False`` is for samplers that know no zero-terminal-SNR."""
        abar = list(accumulate((1 - beta for beta in self.betas()), mul))
        return rescale_zero_terminal_snr(abar) if rescale and self.rescale_betas_zero_snr else abar

    def check_steps(self, steps: int, most: int | None = None) -> None:
        """Raise a RefusalError unless ``steps`` lies between 1 and ``most`` (default: the training steps)."""
        most = self.num_train_timesteps if most is None else most
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= most:
            raise RefusalError("steps-range", most=most, value=repr(steps))

    def timesteps(self, steps: int, default: str) -> list[float]:
        """The times to visit, from noise to picture, spaced as Lin et al. (https://arxiv.org/abs/2305.08891, table 2).

        Args:
            steps: How many.
            default: The spacing where the configuration names none.

        Returns:
            Whole numbers for leading and trailing, not rounded for linspace (samplers differ in that).
        """
        n = self.num_train_timesteps
        spacing = self.timestep_spacing or default
        if spacing == "linspace":
            return linspace(0, n - 1, steps)[::-1]
        if spacing == "leading":
            return [float(i * (n // steps) + self.steps_offset) for i in reversed(range(steps))]
        stride = n - (n - n / steps)  # as numpy.arange rounds it, which decides ties
        return [float(round(n - i * stride) - 1) for i in range(steps)]


def rescale_zero_terminal_snr(abar: Sequence[float]) -> list[float]:
    """Shift and scale sqrt(abar) so that the last time holds nothing but noise.

    Lin et al., "Common diffusion noise schedules and sample steps are flawed", algorithm 1.
    """
    roots = [value**0.5 for value in abar]
    first, last = roots[0], roots[-1]
    return [((root - last) * first / (first - last)) ** 2 for root in roots]


def sigma_of(abar: float) -> float:
    """Noise level sqrt((1 - abar) / abar); infinite where abar is 0."""
    return math.sqrt((1 - abar) / abar) if abar else math.inf


def linspace(start: float, stop: float, n: int) -> list[float]:
    """N evenly spaced numbers from start to stop, both included."""
    if n == 1:
        return [float(start)]
    return [start + i * ((stop - start) / (n - 1)) for i in range(n - 1)] + [float(stop)]


def interpolate(values: Sequence[float], position: float) -> float:
    """Value at a fractional index, linear between neighbours, constant beyond the ends."""
    position = min(max(position, 0), len(values) - 1)
    low = math.floor(position)
    high = min(low + 1, len(values) - 1)
    return values[low] + (position - low) * (values[high] - values[low])
