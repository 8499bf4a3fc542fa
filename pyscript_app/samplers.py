"""Samplers: how one step leads from a noisy latent to a less noisy one.

A sampler here is one function of (schedule, steps). It returns the whole plan of a run: for every step the time, the
noise level and the *update*, which says the next latent as a sum of named terms, for instance DDIM's
``{"x0": sqrt(abar_next), "eps": sqrt(1 - abar_next)}``. All arithmetic on arrays is left to one matrix product
(``coefficients``), so a sampler is scalar Python. Numbers agree with diffusers 0.39.

Terms: ``x`` the latent, ``x0`` and ``eps`` the picture and the noise that the model sees in it (after guidance),
``output`` what the network said (after guidance), ``noise`` fresh random numbers, ``h0 h1 h2`` three slots that a
sampler fills (``remember``) and finds again at the next step.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from pyscript_app.schedule import Schedule, interpolate, sigma_of

COLUMNS = ("x", "uncond", "cond", "noise", "h0", "h1", "h2", "spare")
ROWS = ("latent", "latents", "x0", "eps_uncond", "eps_cond", "eps", "h0", "h1", "h2", "spare")
SLOTS = ("h0", "h1", "h2")
# Stands for abar = 0 where a sampler divides by it, as in diffusers.
SMALLEST_ABAR = 2**-24


@dataclass(frozen=True)
class Step:
    """One call of the network and what follows from it.

    ``scale`` times the latent is the network's input; ``abar`` belongs to that scaled latent, ``sigma`` =
    sqrt((1 - abar) / abar). ``update`` maps terms to their factors; ``remember`` maps slots to terms.
    """

    timestep: float
    abar: float
    update: dict[str, float]
    scale: float = 1.0
    remember: dict[str, str] = field(default_factory=dict)

    @property
    def sigma(self) -> float:
        """Noise level; infinite at a terminal SNR of zero."""
        return sigma_of(self.abar)


@dataclass(frozen=True)
class Plan:
    """A run's steps; ``noise_scale`` times standard normal numbers is the first latent."""

    steps: list[Step]
    noise_scale: float = 1.0


def ddim(schedule: Schedule, steps: int) -> Plan:
    """DDIM without fresh noise (eta = 0): Song et al., https://arxiv.org/abs/2010.02502, formula 12."""
    schedule.check_steps(steps)
    abar = schedule.alphas_cumprod()
    final = abar[0] if schedule.set_alpha_to_one is False else 1.0
    stride = schedule.num_train_timesteps // steps
    plan = []
    for time in _whole_times(schedule, schedule.timesteps(steps, "leading")):
        after = abar[time - stride] if time >= stride else final
        plan.append(Step(time, abar[time], {"x0": math.sqrt(after), "eps": math.sqrt(1 - after)}))
    return Plan(plan)


def euler(schedule: Schedule, steps: int) -> Plan:
    """Euler's method on the probability-flow ODE: Karras et al., https://arxiv.org/abs/2206.00364, algorithm 2."""
    times, sigmas = _noise_levels(schedule, steps)
    sigmas.append(_final_sigma(schedule))
    plan = [
        _scaled_step(time, sigma, {"x": 1.0, "eps": after - sigma})
        for time, sigma, after in zip(times, sigmas, sigmas[1:], strict=False)
    ]
    return Plan(plan, _first_scale(schedule, sigmas))


def euler_ancestral(schedule: Schedule, steps: int) -> Plan:
    """Euler's step to below the next noise level, then fresh noise up to it: Song et al., https://arxiv.org/abs/2011.13456.

    In the form of k-diffusion's ``sample_euler_ancestral``.
    """
    times, sigmas = _noise_levels(schedule, steps)
    sigmas.append(0.0)
    plan = []
    for time, sigma, after in zip(times, sigmas, sigmas[1:], strict=False):
        up = math.sqrt(max(after**2 * (sigma**2 - after**2), 0.0)) / sigma
        down = math.sqrt(max(after**2 - up**2, 0.0))
        plan.append(_scaled_step(time, sigma, {"x": 1.0, "eps": down - sigma, "noise": up}))
    return Plan(plan, _first_scale(schedule, sigmas))


def dpm_plus_plus_2m(schedule: Schedule, steps: int) -> Plan:
    """DPM-Solver++ of second order, multistep, midpoint: Lu et al., https://arxiv.org/abs/2211.01095, algorithm 2.

    The first step, and the last one to zero noise or of few, are of first order (which is DDIM).
    """
    n = schedule.num_train_timesteps
    spacing = schedule.timestep_spacing or "linspace"
    # One time more, dropped at the end: this sampler's steps lie between the times.
    between = steps if spacing == "trailing" else steps + 1
    schedule.check_steps(steps, n if spacing == "trailing" else n - 1)
    abar = _never_zero(schedule)
    times = [round(time) for time in schedule.timesteps(between, "linspace")[:steps]]
    sigmas = [interpolate([sigma_of(value) for value in abar], time) for time in times] + [
        _final_sigma(schedule)
    ]
    if min(before - after for before, after in pairwise(sigmas)) <= 0:
        raise ValueError(
            f"dpm++2m cannot take {steps} steps with {spacing} spacing: two fall together. Take fewer."
        )
    few = steps < 15 and schedule.lower_order_final
    plan = []
    for i, (time, sigma, after) in enumerate(zip(times, sigmas, sigmas[1:], strict=False)):
        alpha, alpha_after = 1 / math.hypot(sigma, 1), 1 / math.hypot(after, 1)
        last = i == steps - 1 and (schedule.euler_at_final or few or schedule.final_sigmas_type == "zero")
        # The picture's share; with h = log(sigma / after) it is alpha_after (1 - exp(-h)).
        share = alpha_after * (1 - after / sigma)
        update = {"x": after * alpha_after / (sigma * alpha), "x0": share}
        if i > 0 and not last:
            # The last step's picture shows where this one's is heading.
            ahead = math.log(sigma / after) / math.log(sigmas[i - 1] / sigma) / 2
            update |= {"x0": share * (1 + ahead), "h0": -share * ahead}
        plan.append(Step(time, alpha**2, update, remember={"h0": "x0"}))
    return Plan(plan)


def pndm(schedule: Schedule, steps: int) -> Plan:
    """Pseudo linear multistep (PLMS): Liu et al., https://arxiv.org/abs/2202.09778, formulas 9 and 12.

    Without Runge-Kutta steps, as Stable Diffusion uses it. The second time is visited twice, so a run of two or more
    steps calls the network once more. Zero-terminal-SNR is unknown to it, as in diffusers.
    """
    schedule.check_steps(steps)
    abar = schedule.alphas_cumprod(rescale=False)
    final = 1.0 if schedule.set_alpha_to_one else abar[0]
    stride = schedule.num_train_timesteps // steps
    once = _whole_times(schedule, schedule.timesteps(steps, "leading"))
    plan = []
    for i, time in enumerate(once[:2] + once[1:]):
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

Sampler = Callable[[Schedule, int], Plan]

SAMPLERS: dict[str, Sampler] = {
    "ddim": ddim,
    "euler": euler,
    "euler-ancestral": euler_ancestral,
    "dpm++2m": dpm_plus_plus_2m,
    "pndm": pndm,
}


def plan(sampler: str, schedule: Schedule, steps: int) -> Plan:
    """The plan of the sampler of that name; a ValueError says which names and step counts there are."""
    if sampler not in SAMPLERS:
        raise ValueError(f"There is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
    return SAMPLERS[sampler](schedule, steps)


def coefficients(step: Step, next_scale: float, guidance: float, prediction_type: str) -> array[float]:
    """The step graph's matrix [10, 8] in C order: one row for each of ROWS, over COLUMNS.

    Guidance (Ho and Salimans, https://arxiv.org/abs/2207.12598) mixes the network's two outputs as
    ``(1 - guidance) uncond + guidance cond``.

    Args:
        step: The step to take.
        next_scale: What the next step multiplies its latent by.
        guidance: Strength; 0 leaves the unconditional output, 1 the conditional one.
        prediction_type: "epsilon" or "v_prediction" (Salimans and Ho, https://arxiv.org/abs/2202.00512).
    """
    terms = {name: _unit(name) for name in ("x", "noise", *SLOTS)}
    uncond, cond = _unit("uncond"), _unit("cond")
    terms["output"] = _sum((1 - guidance, uncond), (guidance, cond))
    eps_uncond, _ = _noise_and_picture(step, prediction_type, uncond)
    eps_cond, _ = _noise_and_picture(step, prediction_type, cond)
    terms["eps"], terms["x0"] = _noise_and_picture(step, prediction_type, terms["output"])
    latent = _sum(*((factor, terms[name]) for name, factor in step.update.items()))
    rows = {
        "latent": latent,
        "latents": _sum((next_scale, latent)),
        "x0": terms["x0"],
        "eps_uncond": eps_uncond,
        "eps_cond": eps_cond,
        "eps": terms["eps"],
        **{slot: terms[term] for slot, term in step.remember.items()},
    }
    return array("f", [value for name in ROWS for value in rows.get(name, _sum())])


def _noise_and_picture(
    step: Step, prediction_type: str, output: list[float]
) -> tuple[list[float], list[float]]:
    """Eps and x0 as rows over COLUMNS, from the network's output and its input ``scale * x``."""
    signal, noise = math.sqrt(step.abar), math.sqrt(1 - step.abar)
    x = _unit("x")
    if prediction_type == "v_prediction":
        eps = _sum((noise * step.scale, x), (signal, output))
        return eps, _sum((signal * step.scale, x), (-noise, output))
    if not signal:
        raise ValueError(
            "A model that predicts epsilon cannot start from pure noise (zero terminal SNR): "
            "choose the leading spacing or a sampler that counts in noise levels, such as euler."
        )
    return output, _sum((step.scale / signal, x), (-noise / signal, output))


def _unit(column: str) -> list[float]:
    return [float(name == column) for name in COLUMNS]


def _sum(*parts: tuple[float, list[float]]) -> list[float]:
    """Weighted sum of rows."""
    return [sum(factor * row[i] for factor, row in parts) for i in range(len(COLUMNS))]


def _whole_times(schedule: Schedule, times: list[float]) -> list[int]:
    whole = [round(time) for time in times]
    if max(whole) >= schedule.num_train_timesteps:
        raise ValueError(
            f"{len(whole)} steps with leading spacing and an offset of {schedule.steps_offset} begin at time "
            f"{max(whole)}, and the model knows times up to {schedule.num_train_timesteps - 1}. Take fewer steps."
        )
    return whole


def _never_zero(schedule: Schedule) -> list[float]:
    abar = schedule.alphas_cumprod()
    if schedule.rescale_betas_zero_snr:
        abar[-1] = SMALLEST_ABAR
    return abar


def _noise_levels(schedule: Schedule, steps: int) -> tuple[list[float], list[float]]:
    """Times and noise levels of the samplers that count in noise levels."""
    schedule.check_steps(steps)
    times = schedule.timesteps(steps, "linspace")
    levels = [sigma_of(value) for value in _never_zero(schedule)]
    return times, [interpolate(levels, time) for time in times]


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
