"""However a run ends, it leaves no tensor behind, and the next one is whole."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pyscript_app.loop import generate
from pyscript_app.model import Model
from pyscript_app.samplers import SAMPLERS
from tests.pyscript_app.fake import SETTINGS, SIDES, STEPS, FakeRuntime, collect


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_step_holds_more_than_the_one_before(model: Model, sampler: str) -> None:
    runtime, held = FakeRuntime(), []

    async def run() -> None:
        async for _ in generate(replace(SETTINGS, sampler=sampler), model, runtime):
            held.append(len(runtime.held))

    asyncio.run(run())
    # The text, gains, words and noise of all steps; the latent, its scaled form, history and attention so far.
    assert set(held) == {8}
    assert not runtime.held


@pytest.mark.parametrize("most", range(STEPS + 1))
def test_a_run_closed_early_leaves_nothing(model: Model, most: int) -> None:
    assert len(collect(SETTINGS, model, most=most)) == most


def test_a_cancelled_task_leaves_nothing(model: Model) -> None:
    runtime = FakeRuntime()

    async def draw() -> None:
        async for _ in generate(SETTINGS, model, runtime):
            pass

    async def run() -> None:
        task = asyncio.create_task(draw())
        while len(runtime.feeds) < 4:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.get_running_loop().shutdown_asyncgens()

    asyncio.run(run())
    assert not runtime.held


@pytest.mark.parametrize(
    ("only", "calls"),
    [("run", 1 + 4 * STEPS), ("read", STEPS * (9 + len(SIDES) + 1) + STEPS - 1), ("pause", STEPS)],
)
def test_whatever_fails_nothing_is_left_and_the_next_run_is_whole(
    model: Model, only: str, calls: int
) -> None:
    whole = [replace(frame, ms=None) for frame in collect(SETTINGS, model)]
    for fail_at in range(calls):
        runtime = FakeRuntime(fail_at, only=only)
        with pytest.raises(RuntimeError, match=f"{only}.* failed"):
            collect(SETTINGS, model, runtime)
        # The same runtime, which fails but once.
        assert [replace(frame, ms=None) for frame in collect(SETTINGS, model, runtime)] == whole
    # One call later there is nothing left to fail.
    assert len(collect(SETTINGS, model, FakeRuntime(calls, only=only))) == STEPS
