"""Samplers: how one step leads from a noisy latent to a less noisy one.

A sampler here is one function of (schedule, steps, begin), and of the times to visit where it takes any. It returns
the plan of a run: for every step the time, the noise level and the update, a sum of named terms (``step.py``). A run
that begins at a picture leaves out the steps before ``begin``, as diffusers' image to image does. Numbers agree with
diffusers 0.39. Samplers for distilled networks, which draw in a few steps, are in ``few_step.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyscript_app.few_step import lcm, tcd
from pyscript_app.refusal import RefusalError, choices
from pyscript_app.schedule import Schedule, interpolate, sigma_of
from pyscript_app.spacing import NAMES, TRAINED, spaced
from pyscript_app.step import Plan, Step

# Stands for abar = 0 where a sampler divides by it, as in diffusers.
SMALLEST_ABAR = 2**-24

# Whole times from noise to picture; None for those that the schedule's configuration chooses.
Times = Sequence[int] | None


def ddim(schedule: Schedule, steps: int, begin: int = 0, times: Times = None) -> Plan:
    """DDIM without fresh noise (eta = 0): Song et al., https://arxiv.org/abs/2010.02502, formula 12."""
    schedule.check_steps(steps)
    abar = schedule.alphas_cumprod()
    if times:
        goals, final = [*times[1:], -1], 1.0
    else:
        times = _whole_times(schedule, schedule.timesteps(steps, "leading"))
        goals = [time - schedule.num_train_timesteps // steps for time in times]
        final = abar[0] if schedule.set_alpha_to_one is False else 1.0
    plan = []
    for time, goal in zip(times, goals, strict=True):
        after = abar[goal] if goal >= 0 else final
        plan.append(Step(time, abar[time], {"x0": math.sqrt(after), "eps": math.sqrt(1 - after)}))
    return Plan(plan[begin:])


def euler(schedule: Schedule, steps: int, begin: int = 0, times: Times = None) -> Plan:
    """Euler's method on the probability-flow ODE: Karras et al., https://arxiv.org/abs/2206.00364, algorithm 2."""
    visited, sigmas = _noise_levels(schedule, steps, times)
    sigmas.append(_final_sigma(schedule))
    plan = [
        _scaled_step(time, sigma, {"x": 1.0, "eps": after - sigma})
        for time, sigma, after in zip(visited, sigmas, sigmas[1:], strict=False)
    ]
    return Plan(plan[begin:], _first_scale(schedule, sigmas))


def euler_ancestral(schedule: Schedule, steps: int, begin: int = 0, times: Times = None) -> Plan:
    """Euler's step to below the next noise level, then fresh noise up to it: Song et al., https://arxiv.org/abs/2011.13456.

    In the form of k-diffusion's ``sample_euler_ancestral``.
    """
    visited, sigmas = _noise_levels(schedule, steps, times)
    sigmas.append(0.0)
    plan = []
    for time, sigma, after in zip(visited, sigmas, sigmas[1:], strict=False):
        up = math.sqrt(max(after**2 * (sigma**2 - after**2), 0.0)) / sigma
        down = math.sqrt(max(after**2 - up**2, 0.0))
        plan.append(_scaled_step(time, sigma, {"x": 1.0, "eps": down - sigma, "noise": up}))
    return Plan(plan[begin:], _first_scale(schedule, sigmas))


def dpm_plus_plus_2m(schedule: Schedule, steps: int, begin: int = 0, times: Times = None) -> Plan:
    """DPM-Solver++ of second order, multistep, midpoint: Lu et al., https://arxiv.org/abs/2211.01095, algorithm 2.

    The first step, and the last one to zero noise or of few, are of first order (which is DDIM).
    """
    n = schedule.num_train_timesteps
    spacing = schedule.timestep_spacing or "linspace"
    # Else one time more, dropped at the end: this sampler's steps lie between the times.
    whole = bool(times) or spacing == "trailing"
    schedule.check_steps(steps, n if whole else n - 1)
    levels = [sigma_of(value) for value in _never_zero(schedule)]
    times = times or [round(time) for time in schedule.timesteps(steps + (not whole), "linspace")[:steps]]
    sigmas = [*(interpolate(levels, time) for time in times), _final_sigma(schedule)]
    if min(before - after for before, after in pairwise(sigmas)) <= 0:
        raise RefusalError("times-together", sampler="dpm++2m", steps=steps, spacing=spacing)
    few = steps < 15 and schedule.lower_order_final
    plan = []
    for i, (time, sigma, after) in enumerate(zip(times, sigmas, sigmas[1:], strict=False)):
        alpha, alpha_after = 1 / math.hypot(sigma, 1), 1 / math.hypot(after, 1)
        last = i == steps - 1 and (schedule.euler_at_final or few or schedule.final_sigmas_type == "zero")
        # The picture's share; with h = log(sigma / after) it is alpha_after (1 - exp(-h)).
        share = alpha_after * (1 - after / sigma)
        update = {"x": after * alpha_after / (sigma * alpha), "x0": share}
        if i > begin and not last:
            # The last step's picture shows where this one's is heading.
            ahead = math.log(sigma / after) / math.log(sigmas[i - 1] / sigma) / 2
            update |= {"x0": share * (1 + ahead), "h0": -share * ahead}
        plan.append(Step(time, alpha**2, update, remember={"h0": "x0"}))
    return Plan(plan[begin:])


def pndm(schedule: Schedule, steps: int, begin: int = 0) -> Plan:
    """Pseudo linear multistep (PLMS): Liu et al., https://arxiv.org/abs/2202.09778, formulas 9 and 12.

    Without Runge-Kutta steps, as Stable Diffusion uses it. The second time is visited twice, so a run of two or more
    steps calls the network once more. Zero-terminal-SNR is unknown to it, as in diffusers, whose image to image also
    leaves out a time where it begins later than at the second.
    """
    schedule.check_steps(steps)
    abar = schedule.alphas_cumprod(rescale=False)
    final = 1.0 if schedule.set_alpha_to_one else abar[0]
    stride = schedule.num_train_timesteps // steps
    once = _whole_times(schedule, schedule.timesteps(steps, "leading"))
    plan = []
    for i, time in enumerate((once[:2] + once[1:])[begin:]):
        # The second call looks from the first step's goal and repeats that step from its start, kept in h1.
        start, origin = (time + stride, "h1") if i == 1 else (time, "x")
        before = abar[start]
        after = abar[start - stride] if start >= stride else final
        ratio = math.sqrt(after / before)
        lean = (after - before) / (before * math.sqrt(1 - after) + math.sqrt(before * (1 - before) * after))
        weights = MULTISTEP[min(i, len(MULTISTEP) - 1)]
        update = {origin: ratio}
        if schedule.prediction_type == "v_prediction":
            update[origin] -= lean * math.sqrt(1 - before)
            lean *= math.sqrt(before)
        update |= {term: -lean * weight for term, weight in weights.items()}
        if i == 0:
            remember = {"h0": "output", "h1": "x"}
        elif i == 1:
            remember = {"h0": "h0"}
        else:
            remember = {"h0": "output", "h1": "h0", "h2": "h1"}
        plan.append(Step(time, abar[time], update, remember=remember))
    return Plan(plan)


# The network's outputs, newest first, that stand for the mean over a step: Adams-Bashforth of rising order.
MULTISTEP: list[dict[str, float]] = [
    {"output": 1},
    {"output": 1 / 2, "h0": 1 / 2},
    {"output": 3 / 2, "h0": -1 / 2},
    {"output": 23 / 12, "h0": -16 / 12, "h1": 5 / 12},
    {"output": 55 / 24, "h0": -59 / 24, "h1": 37 / 24, "h2": -9 / 24},
]


@dataclass(frozen=True)
class Sampler:
    """One of the samplers: the function that plans its runs, and what sets it apart.

    ``takes_times`` says that it goes through any times (``spacing.py``) instead of its own, ``adds_noise`` that its
    steps draw fresh random numbers.
    """

    plan: Callable[..., Plan]
    takes_times: bool = False
    adds_noise: bool = False


# In the order in which the page offers them.
SAMPLERS: dict[str, Sampler] = {
    "ddim": Sampler(ddim, takes_times=True),
    "euler": Sampler(euler, takes_times=True),
    "euler-ancestral": Sampler(euler_ancestral, takes_times=True, adds_noise=True),
    "dpm++2m": Sampler(dpm_plus_plus_2m, takes_times=True),
    "pndm": Sampler(pndm),
    "lcm": Sampler(lcm, adds_noise=True),
    "tcd": Sampler(tcd, adds_noise=True),
}


def plan(sampler: str, schedule: Schedule, steps: int, begin: int = 0, spacing: str = TRAINED) -> Plan:
    """The plan of a run by the sampler of that name.

    Args:
        sampler: One of SAMPLERS.
        schedule: The model's.
        steps: Of the whole run.
        begin: The step, from 0, with which a run begins that does not begin in noise.
        spacing: Where in time the steps lie (``spacing.py``); a sampler that takes no times keeps to its own.

    Raises:
        RefusalError: There is no such sampler or spacing, or they do not go together with so many steps.
    """
    if sampler not in SAMPLERS:
        raise RefusalError("setting-sampler", value=repr(sampler), enum=choices(SAMPLERS))
    if spacing not in NAMES:
        raise RefusalError("setting-spacing", value=repr(spacing), enum=choices(NAMES))
    chosen = SAMPLERS[sampler]
    if spacing == TRAINED or not chosen.takes_times:
        return chosen.plan(schedule, steps, begin)
    return chosen.plan(schedule, steps, begin, spaced(spacing, schedule, steps))


def check_spacing(sampler: str, spacing: str) -> None:
    """Raise a RefusalError where somebody asks for a spacing that the sampler has no use for."""
    if spacing != TRAINED and sampler in SAMPLERS and not SAMPLERS[sampler].takes_times:
        able = choices(tuple(name for name, other in SAMPLERS.items() if other.takes_times))
        raise RefusalError("spacing-sampler", sampler=sampler, choices=able)


def _whole_times(schedule: Schedule, times: list[float]) -> list[int]:
    whole = [round(time) for time in times]
    if max(whole) >= schedule.num_train_timesteps:
        raise RefusalError(
            "times-beyond",
            steps=len(whole),
            offset=schedule.steps_offset,
            first=max(whole),
            last=schedule.num_train_timesteps - 1,
        )
    return whole


def _never_zero(schedule: Schedule) -> list[float]:
    abar = schedule.alphas_cumprod()
    if schedule.rescale_betas_zero_snr:
        abar[-1] = SMALLEST_ABAR
    return abar


def _noise_levels(schedule: Schedule, steps: int, times: Times) -> tuple[Sequence[float], list[float]]:
    """Times and noise levels of the samplers that count in noise levels."""
    schedule.check_steps(steps)
    visited = times or schedule.timesteps(steps, "linspace")
    levels = [sigma_of(value) for value in _never_zero(schedule)]
    return visited, [interpolate(levels, time) for time in visited]


def _final_sigma(schedule: Schedule) -> float:
    return 0.0 if schedule.final_sigmas_type == "zero" else sigma_of(schedule.alphas_cumprod()[0])


def _first_scale(schedule: Schedule, sigmas: list[float]) -> float:
    """Diffusers' ``init_noise_sigma``: with leading spacing the picture's own variance counts too."""
    largest = max(sigmas)
    return math.hypot(largest, 1) if schedule.timestep_spacing == "leading" else largest


def _scaled_step(time: float, sigma: float, update: dict[str, float]) -> Step:
    """A step whose latent is x_0 + sigma eps, so that the network's input must be scaled down."""
    scale = 1 / math.hypot(sigma, 1)
    return Step(time, scale**2, update, scale=scale)
