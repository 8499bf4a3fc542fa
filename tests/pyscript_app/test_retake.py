"""A step taken again with another guidance: what a run with that guidance has there, without asking the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pyscript_app.loop import Settings, Start
from pyscript_app.model import PREVIEWS, Model
from pyscript_app.refusal import RefusalError
from pyscript_app.retake import Retaken, retake
from pyscript_app.samplers import SAMPLERS
from tests.pyscript_app.fake import PICTURE, SETTINGS, FakeRuntime, collect

FIVE = replace(SETTINGS, steps=5)
GREY = Start([128.0] * (PICTURE * PICTURE * 4), 0.9)
PAINTER = PREVIEWS["full"]


def take(settings: Settings, model: Model, before: Any, answer: Any, painter: str = PAINTER) -> Retaken:
    runtime = FakeRuntime()
    taken = asyncio.run(retake(settings, model, runtime, before, answer, painter))
    assert not runtime.held
    assert not runtime.fed("unet"), "the network was asked"
    return taken


@pytest.mark.parametrize("start", [None, GREY], ids=["noise", "picture"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_is_what_a_run_with_that_guidance_has_there(
    model: Model, sampler: str, start: Start | None
) -> None:
    settings = replace(FIVE, sampler=sampler)
    whole = collect(settings, model, start=start)
    for number in (0, 2, len(whole) - 1):
        frame, before = whole[number], whole[number - 1].state if number else start
        for guidance in (0, 1.0, 11.25):
            other = replace(settings, guidance=guidance)
            expected = collect(other, model, most=1, start=before)[0]
            taken = take(other, model, before, frame.answer)
            assert (taken.eps, taken.x0, taken.latent) == (expected.eps, expected.x0, expected.latent)
            assert taken.picture == expected.picture
            if guidance == 0:
                assert taken.eps == frame.eps_uncond
            if guidance == 1:
                assert taken.eps == frame.eps_cond
            # And from there on both go the same way, the sampler's memory included.
            if frame.state and guidance > 1:
                rest = collect(settings, model, start=taken.onto(frame.state))
                goes_on = collect(settings, model, start=expected.state)
                assert [each.latent for each in rest] == [each.latent for each in goes_on]
                assert [each.mean_maps for each in rest] == [each.mean_maps for each in goes_on]


@pytest.mark.parametrize("sampler", ["dpm++2m", "pndm"])
def test_the_sampler_remembers_the_step_as_it_was_taken(model: Model, sampler: str) -> None:
    settings = replace(FIVE, sampler=sampler)
    whole = collect(settings, model)
    state = whole[2].state
    assert state
    taken = take(replace(settings, guidance=2.0), model, whole[1].state, whole[2].answer)
    forgetful = collect(settings, model, start=state.with_latent(taken.latent))
    assert forgetful[-1].latent != collect(settings, model, start=taken.onto(state))[-1].latent


def test_with_the_run_s_own_guidance_nothing_changes(model: Model) -> None:
    whole = collect(replace(FIVE, sampler="euler-ancestral"), model)
    for before, frame in pairwise(whole[:-1]):
        assert frame.state
        taken = take(replace(FIVE, sampler="euler-ancestral"), model, before.state, frame.answer, "")
        assert taken.onto(frame.state) == frame.state
        assert not taken.picture


def test_what_the_network_said_is_kept_for_those_who_ask_twice(models: Callable[..., Model]) -> None:
    for guidance, kept in (("classifier-free", True), ("embedded", False), ("none", False)):
        frame = collect(Settings("a boat", steps=2), models(guidance=guidance))[0]
        assert bool(frame.answer) is kept


def test_a_guidance_out_of_bounds_is_refused() -> None:
    with pytest.raises(RefusalError, match="guidance must be a number"):
        replace(FIVE, guidance=-1.0)
