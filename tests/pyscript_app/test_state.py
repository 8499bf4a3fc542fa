"""Going on from a step of an earlier run: bit for bit where nothing changes, sensibly where something does."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, Start, State, generate
from pyscript_app.model import Model
from pyscript_app.noise import Generator
from pyscript_app.refusal import RefusalError
from pyscript_app.samplers import SAMPLERS
from tests.pyscript_app.fake import PICTURE, SETTINGS, FakeRuntime, collect

SIX = replace(SETTINGS, steps=6)
GREY = [128.0] * (PICTURE * PICTURE * 4)


def plain(frame: Frame) -> Frame:
    """Without the milliseconds, which never repeat."""
    return replace(frame, ms=None)


def state_of(frame: Frame) -> State:
    assert frame.state is not None
    return frame.state


@pytest.mark.parametrize("packed", [False, True], ids=["", "packed"])
@pytest.mark.parametrize("start", [None, Start(GREY, 0.7)], ids=["noise", "picture"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_unchanged_the_run_repeats_bit_for_bit(
    model: Model, sampler: str, start: Start | None, packed: bool
) -> None:
    settings = replace(SIX, sampler=sampler)
    whole = collect(settings, model, start=start)
    for frame in whole[:-1]:
        state = State.unpack(state_of(frame).pack()) if packed else state_of(frame)
        again = collect(settings, model, start=state)
        assert [plain(each) for each in again] == [plain(each) for each in whole[frame.step :]]
    assert whole[-1].state is None


@pytest.mark.parametrize("sampler", ["euler-ancestral", "dpm++2m", "pndm"])
def test_it_is_history_and_random_numbers_that_make_it_repeat(model: Model, sampler: str) -> None:
    settings = replace(SIX, sampler=sampler)
    whole = collect(settings, model)
    state = state_of(whole[2])
    forgetful = replace(state, history=array("f"), position=(0, None))
    assert collect(settings, model, start=forgetful)[-1].latent != whole[-1].latent


def test_packing_loses_nothing(model: Model) -> None:
    for sampler in SAMPLERS:
        state = state_of(collect(replace(SIX, sampler=sampler), model, most=3)[-1])
        unpacked = State.unpack(state.pack())
        for field in fields(State):
            assert getattr(unpacked, field.name) == getattr(state, field.name), field.name


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_rounding_the_attention_changes_nothing_but_the_mean_of_the_maps(model: Model, sampler: str) -> None:
    whole = collect(replace(SIX, sampler=sampler), model)
    state = state_of(whole[1])
    small = state.pack(round_attention=True)
    assert len(small) == pytest.approx(len(state.pack()) - 2 * len(state.total), abs=10)
    rounded = State.unpack(small)
    assert replace(rounded, total=state.total) == state
    assert rounded.total != state.total
    np.testing.assert_allclose(rounded.total, state.total, rtol=2**-8, atol=1e-30)
    again = collect(replace(SIX, sampler=sampler), model, start=rounded)
    for ours, theirs in zip(again, whole[2:], strict=True):
        assert plain(replace(ours, mean_maps=theirs.mean_maps, state=None)) == plain(
            replace(theirs, state=None)
        )
        np.testing.assert_allclose(ours.mean_maps, theirs.mean_maps, atol=2**-8 * max(theirs.mean_maps))
    assert again[0].mean_maps != whole[2].mean_maps


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_another_latent_takes_the_place_of_its_own(model: Model, sampler: str) -> None:
    settings = replace(SIX, sampler=sampler)
    whole = collect(settings, model)
    other = array("f", [0.5 * value for value in whole[1].latent])
    frames = collect(settings, model, start=state_of(whole[1]).with_latent(other))
    assert frames[0].latent_in == other
    assert frames[0].eps != whole[2].eps
    same = collect(settings, model, start=state_of(whole[1]).with_latent(whole[1].latent))
    np.testing.assert_allclose(same[-1].latent, whole[-1].latent, atol=1e-5)


@pytest.mark.parametrize("wishes", [{"prompt": "a boat"}, {"guidance": 1.0}], ids=str)
def test_other_words_act_from_there_on(model: Model, wishes: dict[str, Any]) -> None:
    whole = collect(SIX, model)
    frames = collect(replace(SIX, **wishes), model, start=state_of(whole[2]))
    assert [frame.step for frame in frames] == [4, 5, 6]
    assert frames[0].latent_in == whole[2].latent
    assert frames[0].latent != whole[3].latent


@pytest.mark.parametrize("other", SAMPLERS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_another_sampler_goes_on_where_the_noise_is_nearest(model: Model, sampler: str, other: str) -> None:
    whole = collect(replace(SIX, steps=12, sampler=sampler), model)
    here = whole[6]
    frames = collect(replace(SIX, sampler=other), model, start=state_of(here))
    wanted = state_of(here).noise_share
    every = [frame.noise_share for frame in collect(replace(SIX, sampler=other), model)]
    assert min(abs(share - wanted) for share in every) == abs(frames[0].noise_share - wanted)
    assert [frame.step for frame in frames] == list(range(8, 8 + len(frames)))
    assert frames[-1].steps == frames[-1].step
    # The network is fed the same latent, whatever each sampler's own scale.
    scales = [np.sqrt(1 - f.noise_share**2) if s.startswith("euler") else 1 for f, s in ((frames[0], other),)]
    fed = np.asarray(frames[0].latent_in) * scales[0]
    np.testing.assert_allclose(fed, np.asarray(here.latent) * state_of(here).scale, rtol=1e-5, atol=1e-6)


def test_a_run_that_went_on_with_another_sampler_can_be_gone_on_from_as_well(model: Model) -> None:
    here = state_of(collect(SIX, model)[2])
    changed = replace(SIX, sampler="dpm++2m", steps=9)
    onward = collect(changed, model, start=here)
    again = collect(changed, model, start=state_of(onward[1]))
    assert [plain(frame) for frame in again] == [plain(frame) for frame in onward[2:]]


def test_no_state_is_kept_for_those_who_want_none(model: Model) -> None:
    runtime, fewer = FakeRuntime(), FakeRuntime()
    read, count = FakeRuntime.read, {runtime: 0, fewer: 0}

    async def counted(self: FakeRuntime, tensor: Any) -> array[float]:
        count[self] += 1
        return await read(self, tensor)

    async def run(which: FakeRuntime, keep: bool) -> list[Frame]:
        which.read = counted.__get__(which)
        return [frame async for frame in generate(SIX, model, which, keep_states=keep)]

    kept, bare = asyncio.run(run(runtime, True)), asyncio.run(run(fewer, False))
    assert [frame.state for frame in bare] == [None] * 6
    assert [frame.latent for frame in bare] == [frame.latent for frame in kept]
    assert count[fewer] == count[runtime] - 5 - 6  # the states, and what the network said


def test_another_seed_draws_other_fresh_noise(model: Model) -> None:
    settings = replace(SIX, sampler="euler-ancestral")
    state = state_of(collect(settings, model)[1])
    other = [collect(replace(settings, seed=seed), model, start=state) for seed in (7, 8, 8)]
    assert other[0][0].latent != other[1][0].latent == other[2][0].latent


def test_a_generator_goes_on_from_its_position() -> None:
    for counts in ((64, 30), (5, 3), (7, 16), (1, 1)):
        one = Generator(3)
        for count in counts:
            one.randn(count)
        assert Generator(3, one.position).randn(20) == one.randn(20)
        one.randn(3)
        assert Generator(3, one.position).randn(3) == one.randn(3)


def test_a_run_of_another_shape_is_refused(model: Model) -> None:
    state = state_of(collect(SETTINGS, model)[0])
    with pytest.raises(RefusalError, match="a model of another shape"):
        collect(SETTINGS, model, start=state.with_latent(array("f", [0.0])))


@pytest.mark.parametrize("guidance", ["embedded", "none"])
def test_models_that_run_once_go_on_as_well(models: Callable[..., Model], guidance: str) -> None:
    model = models(guidance=guidance)
    whole = collect(Settings("a boat", steps=4, sampler="euler"), model)
    again = collect(Settings("a boat", steps=4, sampler="euler"), model, start=whole[1].state)
    assert [plain(frame) for frame in again] == [plain(frame) for frame in whole[2:]]
