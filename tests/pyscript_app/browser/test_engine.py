"""The worker's commands: a button counts from the moment that its run was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from types import SimpleNamespace
from typing import Any

import pytest

from pyscript_app.browser import engine

STEPS = 5
WISHES = SimpleNamespace(to_py=dict)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps that are drawn, by a loop that does nothing else."""
    steps: list[int] = []

    async def generate(_: Any, __: Any, runtime: Any, **___: Any) -> AsyncIterator[Any]:
        for step in range(1, STEPS + 1):
            await runtime.pause()
            steps.append(step)
            yield SimpleNamespace(state=None)

    loaded = SimpleNamespace(model=None, ort=None, graphs={}, sessions=SimpleNamespace(get=None), settle=None)
    monkeypatch.setattr(engine.loop, "generate", generate)
    monkeypatch.setattr(engine, "frame_message", lambda frame: (frame, None))
    monkeypatch.setattr(engine, "_engine", engine.Engine(loaded))  # type: ignore[arg-type]
    return steps


def finish(run: Awaitable[Any]) -> Any:
    return asyncio.wait_for(run, 5)


def test_a_cancel_that_comes_before_the_task_has_begun_ends_the_run(drawn: list[int]) -> None:
    async def scene() -> tuple[Any, Any]:
        run = engine.generate(WISHES)
        engine.cancel()
        outcome = await finish(run)
        return outcome, await finish(engine.generate(WISHES))

    assert asyncio.run(scene()) == ({"cancelled": True}, {})
    assert drawn == list(range(1, STEPS + 1))  # those of the second


def test_a_pause_that_comes_before_the_task_has_begun_holds_the_run(drawn: list[int]) -> None:
    async def scene() -> Any:
        run = asyncio.ensure_future(engine.generate(WISHES))
        engine.pause()
        await asyncio.sleep(0.1)
        assert drawn == []
        engine.resume()
        return await finish(run)

    assert asyncio.run(scene()) == {}


def test_the_buttons_of_a_run_that_waits_its_turn_are_not_the_one_befores(drawn: list[int]) -> None:
    async def scene() -> tuple[Any, Any]:
        first, second = engine.generate(WISHES), engine.generate(WISHES)
        engine.cancel()
        return await finish(first), await finish(second)

    assert asyncio.run(scene()) == ({}, {"cancelled": True})
    assert drawn == list(range(1, STEPS + 1))
