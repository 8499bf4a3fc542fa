"""A step taken again on exported graphs: guidance dragged to g is a run with g at that step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.native.generate import draw, model_of, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.retake import retake

STEPS = 5


@pytest.mark.parametrize("sampler", ["ddim", "euler-ancestral", "dpm++2m", "pndm", "tcd"])
def test_guidance_dragged_is_a_run_with_it_at_that_step(int8_model: Path, sampler: str) -> None:
    runtime = NativeRuntime(int8_model)
    model = model_of(runtime)
    settings = settings_for(runtime.manifest, prompt="a red car", steps=STEPS, sampler=sampler, guidance=3.0)
    whole = list(draw(runtime, settings))
    states = [None, *(frame.state for frame in whole)]
    for step in (0, 2, STEPS - 1):
        other = replace(settings, guidance=8.5)
        expected = next(draw(runtime, other, start=states[step]))
        answer = whole[step].answer
        assert answer
        taken = asyncio.run(retake(other, model, runtime, states[step], answer))
        for name in ("eps", "x0", "latent"):
            ours, theirs, before = (np.asarray(getattr(one, name)) for one in (taken, expected, whole[step]))
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
            assert np.abs(theirs - before).max() > 1e-3, "guidance changes nothing here"
