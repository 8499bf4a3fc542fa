"""Each sampler against diffusers: the same made-up network, the latents of every step."""

import math

import diffusers
import numpy as np
import pytest
import torch

from pyscript_app.few_step import GAMMA
from pyscript_app.samplers import SAMPLERS, plan
from pyscript_app.schedule import IGNORED, SPACINGS, Schedule
from pyscript_app.spacing import spaced
from pyscript_app.step import coefficients

SD15 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
REFERENCE = {
    "ddim": (diffusers.DDIMScheduler, {"clip_sample": False}),
    "euler": (diffusers.EulerDiscreteScheduler, {}),
    "euler-ancestral": (diffusers.EulerAncestralDiscreteScheduler, {}),
    "dpm++2m": (diffusers.DPMSolverMultistepScheduler, {}),
    "pndm": (diffusers.PNDMScheduler, {"skip_prk_steps": True}),
    "lcm": (diffusers.LCMScheduler, {}),
    "tcd": (diffusers.TCDScheduler, {}),
}
# Stable Diffusion's schedule as different scheduler classes write it down, with what each says of its own solver.
CHECKPOINTS = {
    "sd1.5": {"_class_name": "PNDMScheduler", "set_alpha_to_one": False, "skip_prk_steps": True},
    "sd-turbo": {
        "_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing", "set_alpha_to_one": False,
        "interpolation_type": "linear", "timestep_type": "discrete", "sample_max_value": 1.0,
    },
    "lcm": {
        "_class_name": "LCMScheduler", "original_inference_steps": 50, "timestep_scaling": 10.0, "steps_offset": 0,
        "set_alpha_to_one": True, "rescale_betas_zero_snr": False, "thresholding": False,
    },
    "karras": {"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": True, "lower_order_final": True},
    "sde": {"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++", "solver_order": 3},
    "unipc": {"_class_name": "UniPCMultistepScheduler", "solver_type": "bh2", "solver_order": 3, "predict_x0": True},
    "deis": {"_class_name": "DEISMultistepScheduler", "algorithm_type": "deis", "solver_type": "logrho"},
    "heun": {"_class_name": "HeunDiscreteScheduler", "clip_sample": True, "timestep_spacing": "linspace"},
    "lms": {"_class_name": "LMSDiscreteScheduler", "use_karras_sigmas": True},
}  # fmt: skip
SHAPE = (4, 4, 4)
PICTURE = np.sin(np.arange(64, dtype=np.float32)).reshape(SHAPE)


def network(x, time, shift):
    """Stands for the UNet: smooth, of unit size, different for every time and prompt.

    Like a real one it finds much of its input to be noise; otherwise tiny differences would grow from step to step.
    """
    return (0.8 * np.tanh(x) + 0.1 * np.sin(x + 0.01 * time + shift)).astype(np.float32)


def fresh_noise():
    generator = torch.Generator().manual_seed(7)
    return lambda: torch.randn(SHAPE, generator=generator).numpy()


def by_diffusers(sampler, config, steps, guidance, begin=None, times=None):
    """Latents after every step, by diffusers' scheduler in its pipelines' manner.

    With ``begin`` in that of StableDiffusionImg2ImgPipeline, from PICTURE on; with ``times`` at those given.
    """
    kind, fixed = REFERENCE[sampler]
    kept = {name: value for name, value in config.items() if name not in IGNORED}
    scheduler = kind.from_config({**kept, **fixed})
    if times:
        scheduler.set_timesteps(timesteps=times)
    else:
        scheduler.set_timesteps(steps)
    noise, visited = torch.from_numpy(fresh_noise()()), scheduler.timesteps[begin or 0 :]
    if begin is None:
        x = noise * scheduler.init_noise_sigma
    else:
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin)
        x = scheduler.add_noise(torch.from_numpy(PICTURE), noise, visited[:1])
    generator = torch.Generator().manual_seed(8)
    latents = [x.numpy()]
    for time in visited:
        inputs = scheduler.scale_model_input(x, time).numpy()
        uncond, cond = network(inputs, float(time), 0.0), network(inputs, float(time), 0.5)
        output = torch.from_numpy(uncond + guidance * (cond - uncond))
        extra = {"generator": generator} if SAMPLERS[sampler].adds_noise else {}
        if sampler == "tcd":
            extra["eta"] = GAMMA
        x = scheduler.step(output, time, x, **extra).prev_sample
        latents.append(x.numpy())
    return visited.tolist(), latents


def by_us(sampler, config, steps, guidance, begin=None, spacing="trained"):
    """The same by our plan and one matrix product a step."""
    schedule = Schedule.from_config(config)
    run = plan(sampler, schedule, steps, begin or 0, spacing)
    x = fresh_noise()() * np.float32(run.noise_scale)
    if begin is not None:
        first = run.steps[0]
        x = (math.sqrt(first.abar) * PICTURE + first.noise_share * fresh_noise()()) / first.scale
        x = x.astype(np.float32)
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


def assert_same_run(sampler, config, steps, guidance=7.5, begin=None, spacing="trained"):
    given = None if spacing == "trained" else spaced(spacing, Schedule.from_config(config), steps)
    times, expected = by_diffusers(sampler, config, steps, guidance, begin, given)
    our_times, latents = by_us(sampler, config, steps, guidance, begin, spacing)
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
    starts_from_pure_noise = {
        "ddim": spacing == "trailing" or (spacing == "linspace" and steps > 1),
        "lcm": True,
        "tcd": True,
    }
    if prediction_type == "epsilon" and zero_snr and starts_from_pure_noise.get(sampler):
        pytest.skip("diffusers divides by zero here; test_loop.py says what ours does")
    config = {
        **SD15,
        "prediction_type": prediction_type,
        "timestep_spacing": spacing,
        "rescale_betas_zero_snr": zero_snr,
    }
    assert_same_run(sampler, config, steps)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws_with_every_checkpoint_s_schedule(sampler, checkpoint, steps):
    assert_same_run(sampler, {**SD15, **CHECKPOINTS[checkpoint]}, steps, guidance=1)


@pytest.mark.parametrize("sampler", ["lcm", "tcd"])
@pytest.mark.parametrize(
    "fields",
    [
        {"original_inference_steps": 100},
        {"original_inference_steps": 30},
        {"timestep_scaling": 1.0},
        {"num_train_timesteps": 200, "original_inference_steps": 200},
    ],
    ids=str,
)
@pytest.mark.parametrize("steps", [3, 8, 30])
def test_few_step_samplers_choose_among_the_distilled_times(sampler, fields, steps):
    assert_same_run(sampler, {**SD15, **fields}, steps, guidance=1)


@pytest.mark.parametrize("sampler", ["lcm", "tcd"])
def test_few_step_samplers_refuse_what_was_not_distilled(sampler):
    with pytest.raises(ValueError, match="must be a whole number from 1 to 50, not 51"):
        plan(sampler, Schedule(), 51)
    with pytest.raises(ValueError, match="original_inference_steps is 0; it must lie between 1 and 1000"):
        plan(sampler, Schedule(original_inference_steps=0), 1)
    with pytest.raises(ValueError, match="original_inference_steps is 50; it must lie between 1 and 40"):
        plan(sampler, Schedule(num_train_timesteps=40), 1)


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
    if not config and sampler in ("lcm", "tcd"):
        pytest.skip(
            "silent about its betas, which no checkpoint is: diffusers' classes differ in what that means"
        )
    assert_same_run(sampler, config, steps=16, guidance=3)


@pytest.mark.parametrize("begin", [0, 1, 2, 5, 9])
@pytest.mark.parametrize("zero_snr", [False, True], ids=["", "zero-snr"])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_run_that_begins_at_a_picture_agrees_with_diffusers(sampler, spacing, zero_snr, begin):
    config = {
        **SD15,
        "prediction_type": "v_prediction",
        "timestep_spacing": spacing,
        "rescale_betas_zero_snr": zero_snr,
    }
    assert_same_run(sampler, config, 10, begin=begin)


@pytest.mark.parametrize("steps", [14, 15, 20])
@pytest.mark.parametrize("final", [{}, {"final_sigmas_type": "sigma_min"}], ids=str)
def test_the_order_of_the_last_step_does_not_depend_on_where_a_run_begins(final, steps):
    assert_same_run("dpm++2m", {**SD15, **final}, steps, begin=steps - 3)


@pytest.mark.parametrize("begin", [None, 3])
@pytest.mark.parametrize("spacing", ["trailing", "noise", "early", "late"])
@pytest.mark.parametrize("sampler", ["euler", "dpm++2m"])
def test_given_times_are_gone_through_as_diffusers_does(sampler, spacing, begin):
    assert_same_run(sampler, SD15, 10, begin=begin, spacing=spacing)
