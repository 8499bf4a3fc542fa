"""The noise schedule against diffusers' tables, and what it refuses."""

import diffusers
import numpy as np
import pytest

from pyscript_app.schedule import (
    BETA_SCHEDULES,
    FIXED,
    IGNORED,
    SPACINGS,
    Schedule,
    interpolate,
    linspace,
    sigma_of,
)

SD15 = {"beta_start": 0.00085, "beta_end": 0.012}


@pytest.mark.parametrize("zero_snr", [False, True])
@pytest.mark.parametrize("n", [50, 1000])
@pytest.mark.parametrize("beta_schedule", BETA_SCHEDULES)
def test_betas_and_abar_equal_diffusers(beta_schedule: str, n: int, zero_snr: bool) -> None:
    config = {
        **SD15,
        "beta_schedule": beta_schedule,
        "num_train_timesteps": n,
        "rescale_betas_zero_snr": zero_snr,
    }
    theirs, ours = diffusers.DDIMScheduler.from_config(config), Schedule.from_config(config)
    if not zero_snr:
        np.testing.assert_allclose(ours.betas(), theirs.betas.numpy(), rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(ours.alphas_cumprod(), theirs.alphas_cumprod.numpy(), rtol=1e-4, atol=2e-7)
    assert (ours.alphas_cumprod()[-1] == 0) == zero_snr


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("steps", [1, 3, 7, 10, 30, 48, 50, 96])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_times_equal_diffusers(spacing: str, steps: int, offset: int) -> None:
    config = {**SD15, "timestep_spacing": spacing, "steps_offset": offset}
    theirs, ours = diffusers.EulerDiscreteScheduler.from_config(config), Schedule.from_config(config)
    theirs.set_timesteps(steps)
    for default in SPACINGS:  # counts only where the configuration is silent
        np.testing.assert_allclose(ours.timesteps(steps, default), theirs.timesteps.numpy(), atol=1e-4)


def test_noise_levels_equal_diffusers() -> None:
    theirs = diffusers.EulerDiscreteScheduler.from_config(SD15)
    ours = [sigma_of(abar) for abar in Schedule.from_config(SD15).alphas_cumprod()]
    np.testing.assert_allclose(ours[::-1], theirs.sigmas.numpy()[:-1], rtol=1e-4)
    assert sigma_of(0) == float("inf")


def test_linspace_and_interpolation_equal_numpy() -> None:
    for n in (1, 2, 3, 50):
        np.testing.assert_allclose(linspace(2, -3, n), np.linspace(2, -3, n))
    values = [1.0, 4.0, 9.0, 16.0]
    positions = np.linspace(-1, 5, 61)
    expected = np.interp(positions, range(4), values)
    np.testing.assert_allclose([interpolate(values, p) for p in positions], expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("beta_schedule", "sigmoid"),
        ("prediction_type", "sample"),
        ("timestep_spacing", "karras"),
        ("final_sigmas_type", "one"),
        ("use_flow_sigmas", True),
        ("timestep_type", "continuous"),
        ("trained_betas", [0.1, 0.2]),
    ],
)
def test_what_is_not_rebuilt_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"The scheduler's {field} is .*; supported "):
        Schedule.from_config({field: value})


def test_what_changes_nothing_is_ignored() -> None:
    harmless = {"_class_name": "DDIMScheduler", "clip_sample_range": 1.0, "trained_betas": None}
    assert Schedule.from_config({**FIXED, **harmless}) == Schedule()
    assert Schedule.from_config(dict.fromkeys(IGNORED, "of its own")) == Schedule()


@pytest.mark.parametrize("steps", [0, -1, 1001, 2.0, "10", True, None], ids=repr)
def test_a_bad_number_of_steps_gives_a_sentence(steps: object) -> None:
    with pytest.raises(ValueError, match="must be a whole number from 1 to 1000, not"):
        Schedule().check_steps(steps)  # type: ignore[arg-type]
