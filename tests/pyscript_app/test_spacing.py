"""Where steps lie in time: the recorded exponential tables, even noise, and what does not fit."""

from __future__ import annotations

import itertools
import math

import pytest

from pyscript_app.refusal import RefusalError
from pyscript_app.samplers import SAMPLERS, check_spacing, plan
from pyscript_app.schedule import Schedule
from pyscript_app.spacing import NAMES, SPACINGS, TRAINED, spaced

SD15 = Schedule(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
ABLE = [name for name, sampler in SAMPLERS.items() if sampler.takes_times]


def test_early_is_the_table_of_park_et_al() -> None:
    times = spaced("early", SD15, 30)
    assert times[:10] == [999, 893, 884, 875, 865, 854, 842, 829, 816, 801]
    assert times[-3:] == [206, 143, 74]
    assert len(times) == 30


def test_late_is_its_mirror_image() -> None:
    times = spaced("late", SD15, 30)
    assert (times[:3], times[-3:]) == ([999, 926, 857], [125, 116, 107])
    assert len(times) == 30
    # What early leaves of a thousand, late has.
    assert times[1:] == [1000 - time for time in reversed(spaced("early", SD15, 30)[1:])]


def test_even_noise_takes_the_same_share_each_step() -> None:
    abar = SD15.alphas_cumprod()
    shares = [*(math.sqrt(1 - abar[time]) for time in spaced("noise", SD15, 10)), 0]
    gaps = [before - after for before, after in itertools.pairwise(shares)]
    assert gaps == pytest.approx([gaps[0]] * 10, abs=0.003)
    assert shares[0] == math.sqrt(1 - abar[-1])


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 50])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_times_fall_from_the_noisiest(spacing: str, steps: int) -> None:
    times = spaced(spacing, SD15, steps)
    assert times[0] == 999
    assert len(times) == steps
    assert all(before > after >= 0 for before, after in itertools.pairwise(times))


@pytest.mark.parametrize("spacing", ["noise", "early", "late"])
def test_steps_that_fall_together_are_refused(spacing: str) -> None:
    with pytest.raises(RefusalError) as refused:
        spaced(spacing, SD15, 400)
    assert (refused.value.code, refused.value.values) == ("spacing-steps", {"spacing": spacing, "steps": 400})


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("sampler", ABLE)
def test_able_samplers_go_through_these_times_to_the_picture(sampler: str, spacing: str) -> None:
    steps = plan(sampler, SD15, 10, spacing=spacing).steps
    assert [step.timestep for step in steps] == spaced(spacing, SD15, 10)
    # The last jump leaves no noise, however far away it begins.
    last = steps[-1].update
    left = last.get("eps", 0) + (steps[-1].sigma if sampler.startswith("euler") else 0)
    assert left == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("sampler", ABLE)
def test_as_trained_is_the_model_s_own(sampler: str) -> None:
    assert plan(sampler, SD15, 10, spacing=TRAINED) == plan(sampler, SD15, 10)
    assert plan(sampler, SD15, 10, spacing="early") != plan(sampler, SD15, 10)


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in ABLE])
def test_samplers_with_times_of_their_own_keep_to_them(sampler: str) -> None:
    assert plan(sampler, SD15, 4, spacing="late") == plan(sampler, SD15, 4)
    with pytest.raises(
        RefusalError, match=f"^The sampler {sampler} keeps to its own times: .* ddim, euler, "
    ):
        check_spacing(sampler, "late")


def test_an_unknown_spacing_is_refused() -> None:
    with pytest.raises(RefusalError, match=rf"no spacing 'even'; choose one of {', '.join(NAMES)}\.$"):
        plan("ddim", SD15, 4, spacing="even")
