"""Samplers for distilled networks, which see the whole picture in one look and need few steps.

Each step jumps to the picture that the network sees and puts fresh noise on it again. The times are some of those at
which the teacher of the distillation stood. Numbers agree with diffusers 0.39.
"""

from __future__ import annotations

import math

from pyscript_app.refusal import RefusalError
from pyscript_app.schedule import Schedule
from pyscript_app.step import Plan, Step

SIGMA_DATA = 0.5  # lcm: standard deviation of the data, as in Karras et al., https://arxiv.org/abs/2206.00364
GAMMA = 0.3  # tcd: how much of each step is fresh noise, 0 to 1; the paper's choice


def lcm(schedule: Schedule, steps: int, begin: int = 0) -> Plan:
    """Multistep consistency sampling of latents: Luo et al., https://arxiv.org/abs/2310.04378, algorithm 3.

    The boundary condition (c_skip, c_out) makes the network's picture the latent itself where time ends.
    """
    abar, times = schedule.alphas_cumprod(), taught_times(schedule, steps)
    plan = []
    for time, after in zip(times, [*times[1:], None], strict=True):
        scaled = time * schedule.timestep_scaling
        skip = SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2)
        out = scaled / math.hypot(scaled, SIGMA_DATA)
        if after is None:
            update = {"x0": out, "x": skip}
        else:
            signal, noise = math.sqrt(abar[after]), math.sqrt(1 - abar[after])
            update = {"x0": signal * out, "x": signal * skip, "noise": noise}
        plan.append(Step(time, abar[time], update))
    return Plan(plan[begin:])


def tcd(schedule: Schedule, steps: int, begin: int = 0) -> Plan:
    """Strategic stochastic sampling: Zheng et al., https://arxiv.org/abs/2402.19159, algorithm 4.

    A DDIM step to below the next time, to (1 - gamma) of it, then fresh noise up to it.
    """
    abar, times = schedule.alphas_cumprod(), taught_times(schedule, steps)
    plan = []
    for time, after in zip(times, [*times[1:], None], strict=True):
        below = abar[math.floor((1 - GAMMA) * (after or 0))]
        rise = 1.0 if after is None else abar[after] / below
        update = {"x0": math.sqrt(rise * below), "eps": math.sqrt(rise * (1 - below))}
        if after is not None:
            update["noise"] = math.sqrt(1 - rise)
        plan.append(Step(time, abar[time], update))
    return Plan(plan[begin:])


def taught_times(schedule: Schedule, steps: int) -> list[int]:
    """Whole times from noise to picture, evenly chosen from the ``original_inference_steps`` that were distilled."""
    n, taught = schedule.num_train_timesteps, schedule.original_inference_steps
    if not 1 <= taught <= n:
        raise RefusalError("scheduler-taught", value=taught, most=n)
    schedule.check_steps(steps, taught)
    stride = n // taught
    return [(taught - math.floor(i * (taught / steps))) * stride - 1 for i in range(steps)]
