"""Each sampler against diffusers: the same made-up network, the latents of every step."""

import diffusers
import numpy as np
import pytest
import torch

from pyscript_app.samplers import SAMPLERS, coefficients, plan
from pyscript_app.schedule import SPACINGS, Schedule

SD15 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
REFERENCE = {
    "ddim": (diffusers.DDIMScheduler, {"clip_sample": False}),
    "euler": (diffusers.EulerDiscreteScheduler, {}),
    "euler-ancestral": (diffusers.EulerAncestralDiscreteScheduler, {}),
    "dpm++2m": (diffusers.DPMSolverMultistepScheduler, {}),
    "pndm": (diffusers.PNDMScheduler, {"skip_prk_steps": True}),
}
SHAPE = (4, 4, 4)


def network(x, time, shift):
    """Stands for the UNet: smooth, of unit size, different for every time and prompt.

    Like a real one it finds much of its input to be noise; otherwise tiny differences would grow from step to step.
    """
    return (0.8 * np.tanh(x) + 0.1 * np.sin(x + 0.01 * time + shift)).astype(np.float32)


def fresh_noise():
    generator = torch.Generator().manual_seed(7)
    return lambda: torch.randn(SHAPE, generator=generator).numpy()


def by_diffusers(sampler, config, steps, guidance):
    """Latents after every step and predicted pictures, by diffusers' scheduler in its pipeline's manner."""
    kind, fixed = REFERENCE[sampler]
    scheduler = kind.from_config({**config, **fixed})
    scheduler.set_timesteps(steps)
    draw = fresh_noise()
    x = torch.from_numpy(draw()) * scheduler.init_noise_sigma
    generator = torch.Generator().manual_seed(8)
    latents = [x.numpy()]
    for time in scheduler.timesteps:
        inputs = scheduler.scale_model_input(x, time).numpy()
        uncond, cond = network(inputs, float(time), 0.0), network(inputs, float(time), 0.5)
        output = torch.from_numpy(uncond + guidance * (cond - uncond))
        extra = {"generator": generator} if sampler == "euler-ancestral" else {}
        x = scheduler.step(output, time, x, **extra).prev_sample
        latents.append(x.numpy())
    return scheduler.timesteps.tolist(), latents


def by_us(sampler, config, steps, guidance):
    """The same by our plan and one matrix product a step."""
    schedule = Schedule.from_config(config)
    run = plan(sampler, schedule, steps)
    x = fresh_noise()() * np.float32(run.noise_scale)
    inputs = x * np.float32(run.steps[0].scale)
    generator = torch.Generator().manual_seed(8)
    history = np.zeros((3, *SHAPE), np.float32)
    latents = [x]
    for step, following in zip(run.steps, [*run.steps[1:], None], strict=True):
        uncond, cond = network(inputs, step.timestep, 0.0), network(inputs, step.timestep, 0.5)
        noise = torch.randn(SHAPE, generator=generator).numpy()
        scale = following.scale if following else 1.0
        matrix = np.array(coefficients(step, scale, guidance, schedule.prediction_type)).reshape(10, 8)
        columns = np.stack([x, uncond, cond, noise, *history, np.zeros_like(x)]).astype(np.float32)
        rows = np.tensordot(matrix.astype(np.float32), columns, 1)
        x, inputs, history = rows[0], rows[1], rows[6:9]
        latents.append(x)
    return [step.timestep for step in run.steps], latents


def assert_same_run(sampler, config, steps, guidance=7.5):
    times, expected = by_diffusers(sampler, config, steps, guidance)
    our_times, latents = by_us(sampler, config, steps, guidance)
    assert our_times == pytest.approx(times, abs=1e-4)
    assert len(latents) == len(expected)
    largest = 0.0
    for ours, theirs in zip(latents, expected, strict=True):
        assert np.isfinite(theirs).all()
        # At zero terminal SNR diffusers' Euler begins at sigma 4096, and what float32 rounds away there stays lost.
        largest = max(largest, np.abs(theirs).max())
        allowed = 1e-4 * max(1, np.abs(theirs).max()) + 4 * np.finfo(np.float32).eps * largest
        assert np.abs(ours - theirs).max() <= allowed


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10, 20])
@pytest.mark.parametrize("zero_snr", [False, True], ids=["", "zero-snr"])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_latents_agree_with_diffusers(sampler, prediction_type, spacing, zero_snr, steps):
    if prediction_type == "epsilon" and zero_snr and sampler == "ddim" and spacing == "trailing":
        pytest.skip("diffusers divides by zero here; test_no_epsilon_from_pure_noise covers ours")
    if (
        prediction_type == "epsilon"
        and zero_snr
        and sampler == "ddim"
        and spacing == "linspace"
        and steps > 1
    ):
        pytest.skip("diffusers divides by zero here; test_no_epsilon_from_pure_noise covers ours")
    config = {
        **SD15,
        "prediction_type": prediction_type,
        "timestep_spacing": spacing,
        "rescale_betas_zero_snr": zero_snr,
    }
    assert_same_run(sampler, config, steps)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    "config",
    [
        {},
        {"beta_schedule": "squaredcos_cap_v2"},
        {**SD15, "num_train_timesteps": 200},
        {**SD15, "set_alpha_to_one": False},
        {**SD15, "set_alpha_to_one": True},
        {**SD15, "final_sigmas_type": "sigma_min"},
        {**SD15, "final_sigmas_type": "sigma_min", "lower_order_final": False},
        {**SD15, "final_sigmas_type": "sigma_min", "euler_at_final": True, "lower_order_final": False},
        {**SD15, "beta_schedule": "linear", "steps_offset": 0, "timestep_spacing": "trailing"},
    ],
    ids=str,
)
def test_configurations_are_honoured_as_diffusers_does(sampler, config):
    assert_same_run(sampler, config, steps=16, guidance=3)
