"""Going on from a step of an earlier run: what the worker remembers, and what it says where it does not."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pyscript_app.activities.generate import run
from pyscript_app.activities.tools import Tools
from pyscript_app.browser.past import Past
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, Start
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from pyscript_app.samplers import SAMPLERS
from tests.pyscript_app.fake import PICTURE, SETTINGS, SHAPE, FakeRuntime, collect

SIX = replace(SETTINGS, steps=6)
GREY = {"width": PICTURE, "height": PICTURE, "data": [128.0] * (PICTURE * PICTURE * 4), "strength": 0.7}
CELLS = SHAPE[0] * SHAPE[1] * SHAPE[2]


class Worker:
    """The activity that draws, on fakes of graphs."""

    def __init__(self, model: Model) -> None:
        self.runtime, self.past, self.model = FakeRuntime(batch=model.batch), Past(), model
        self.seen: list[Frame] = []

    def draw(self, settings: Settings, name: str = "again", **place: Any) -> list[Frame]:
        self.seen.clear()
        tools = Tools(name, self.model, {}, self.runtime, self.past, open=None)  # type: ignore[arg-type]

        async def scene() -> None:
            async for frame in run(vars(settings) | place, tools):
                assert frame.state is None, "a state stays in the worker"
                self.seen.append(frame)

        asyncio.run(scene())
        return [replace(frame, ms=None) for frame in self.seen]


@pytest.fixture
def worker(model: Model) -> Iterator[Worker]:
    worker = Worker(model)
    yield worker
    assert not worker.runtime.held


@pytest.mark.parametrize("start", [None, GREY], ids=["noise", "picture"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_unchanged_a_run_repeats_from_any_step(worker: Worker, sampler: str, start: Any) -> None:
    settings = replace(SIX, sampler=sampler)
    whole = worker.draw(settings, name="a", start=start)
    for step in range(len(whole)):
        again = worker.draw(settings, name=f"a{step}", **{"from": {"run": "a", "step": step}})
        assert again == whole[step:]
        # And a run that went on is one to go on from, at its own beginning too.
        for later in range(step, len(whole)):
            origin = {"run": f"a{step}", "step": later}
            assert worker.draw(settings, **{"from": origin}) == whole[later:]


@pytest.mark.parametrize("start", [None, GREY], ids=["noise", "picture"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_latent_of_one_s_own_takes_the_place_of_the_run_s(worker: Worker, sampler: str, start: Any) -> None:
    settings = replace(SIX, sampler=sampler)
    whole = worker.draw(settings, name="a", start=start)
    for step in (0, 2):
        origin = {"run": "a", "step": step}
        assert worker.draw(settings, **{"from": origin | {"latent": whole[step].latent_in}}) == whole[step:]
        other = array("f", [value / 2 for value in whole[step].latent_in])
        changed = worker.draw(settings, **{"from": origin | {"latent": other}})
        assert changed[0].latent_in == other
        assert changed[-1].latent != whole[-1].latent


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ({"from": {"run": "b", "step": 1}}, "There is no run 'b' to go on from"),
        ({"from": {"run": "a", "step": 6}}, "cannot go on from step 6: choose one from 0 to 5."),
        ({"from": {"run": "a", "step": 1.5}}, "cannot go on from step 1.5: choose"),
        ({"from": {"run": "a", "step": [1]}}, r"cannot go on from step \[1\]: choose"),
        ({"from": {"run": "a", "step": 1, "latent": [0.0] * 3}}, f"must hold {CELLS} numbers"),
        ({"from": {"run": "a", "step": 0, "latent": [0.0] * 3}}, f"must hold {CELLS} numbers"),
        ({"from": {"run": "a", "step": 1}, "start": GREY}, "give start or from, not both"),
        ({"start": GREY | {"width": PICTURE * 2, "height": PICTURE // 2}}, "must be 16 × 16 pixels"),
        ({"start": {**GREY, "strength": None}}, "strength must be a number from 0 to 1, not None"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_beginning_that_cannot_be_gives_a_sentence(worker: Worker, place: Any, sentence: str) -> None:
    worker.draw(SIX, name="a")
    with pytest.raises(RefusalError, match=sentence):
        worker.draw(SIX, name="c", **place)
    assert not worker.seen


def test_the_oldest_steps_are_forgotten_first(model: Model) -> None:
    frames = collect(SIX, model)
    states = [frame.state for frame in frames if frame.state]
    past = Past(room=sum(len(state.pack()) for state in states) + GREY["width"])
    past.keep("a", Start(GREY["data"], 0.5))  # of more bytes than there is room for beside the states
    for state in states:
        past.keep("a", state)
    assert past.find("a", 1) == states[0]
    with pytest.raises(RefusalError, match=r"step 0: choose one from 1 to 5\."):
        past.find("a", 0)
    for state in states[:-1]:
        past.keep("b", state)
    assert past.find("a", 5) == states[4]
    past.keep("b", states[-1])
    with pytest.raises(RefusalError, match="There is no run 'a'"):
        past.find("a", 5)
    assert [past.find("b", step) for step in range(1, 6)] == states
