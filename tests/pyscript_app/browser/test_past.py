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
from pyscript_app.browser.past import ROOM, Past
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, Start, State
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
        self.runtime, self.model = FakeRuntime(batch=model.batch), model
        self.seen: list[Frame] = []
        self.forgotten: list[str] = []
        self.past = Past(self.forgotten.append)

    def draw(self, settings: Settings, name: str = "again", **place: Any) -> list[Frame]:
        self.seen.clear()
        tools = Tools(name, self.model, {}, self.runtime, self.past, open=None, read=None)  # type: ignore[arg-type]

        async def scene() -> None:
            async for frame in run(vars(settings) | place, tools):
                assert frame.state is frame.answer is None, "they stay in the worker"
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


def test_what_the_page_has_forgotten_the_worker_forgets(worker: Worker) -> None:
    whole = worker.draw(SIX, name="a")
    worker.draw(SIX, name="b")
    worker.past.retain(["a", "c"])
    assert worker.draw(SIX, name="c", **{"from": {"run": "a", "step": 2}}) == whole[2:]
    worker.past.retain(["d"])
    for gone in ("b", "a", "c"):
        with pytest.raises(RefusalError, match=f"There is no run '{gone}'"):
            worker.draw(SIX, name="d", **{"from": {"run": gone, "step": 2}})
    assert worker.past.taken == 0


def test_what_the_worker_has_forgotten_the_page_is_told(worker: Worker) -> None:
    worker.draw(SIX, name="a")
    worker.past._room = worker.past.taken // 2
    worker.draw(SIX, name="b")
    assert worker.forgotten == ["a"]


@pytest.fixture
def states(model: Model) -> list[State]:
    return [frame.state for frame in collect(SIX, model) if frame.state]


def test_where_room_is_short_attention_is_rounded_then_the_oldest_run_forgotten(states: list[State]) -> None:
    exact = sum(len(state.pack()) for state in states)
    rounded = sum(len(state.pack(round_attention=True)) for state in states)
    forgotten: list[str] = []
    past = Past(forgotten.append, room=exact + rounded)
    for name in ("a", "b"):
        past.keep(name, None)
        for state in states:
            past.keep(name, state)
    assert past.taken == exact + rounded
    for state in states:
        assert past.find("b", state.frames) == state
        kept = past.find("a", state.frames)
        assert isinstance(kept, State)
        assert replace(kept, total=state.total) == state != kept
    for state in states:  # three runs take more, however much of them is rounded
        assert not forgotten
        past.keep("c", state)
    assert forgotten == ["a"]
    assert past.find("b", 0) is None
    with pytest.raises(RefusalError, match="There is no run 'a'"):
        past.find("a", 2)


@pytest.mark.parametrize("sampler", ["dpm++2m", "euler-ancestral"])
def test_a_step_counts_as_taken_with_another_guidance(worker: Worker, sampler: str) -> None:
    settings = replace(SIX, sampler=sampler)
    whole = worker.draw(settings, name="a")
    once = worker.draw(replace(settings, guidance=2.0), name="b", **{"from": {"run": "a", "step": 2}})[0]
    asked = len(worker.runtime.fed("unet"))
    onward = worker.draw(settings, name="c", **{"from": {"run": "a", "step": 3, "guidance": 2.0}})
    assert len(worker.runtime.fed("unet")) == asked + 3, "the step that is taken again asks nobody"
    assert onward == worker.draw(settings, **{"from": {"run": "b", "step": 3}})
    assert onward[0].latent_in == once.latent
    assert onward[-1].latent != whole[-1].latent
    own = {"run": "a", "step": 3, "guidance": settings.guidance}
    assert worker.draw(settings, **{"from": own}) == whole[3:]
    # What went on so is gone on from as any other.
    assert worker.draw(settings, **{"from": {"run": "c", "step": 3}}) == onward


@pytest.mark.parametrize("step", [0, 7])
def test_a_step_that_nobody_took_is_not_taken_again(worker: Worker, step: int) -> None:
    worker.draw(SIX, name="a")
    with pytest.raises(RefusalError, match=f"said in step {step} of the run 'a' is not remembered"):
        worker.past.answer("a", step)


def test_answers_go_before_a_run_does(worker: Worker, states: list[State]) -> None:
    answer = array("f", bytes(400))
    rounded = [len(state.pack(round_attention=True)) for state in states]
    past = Past(worker.forgotten.append, room=2 * sum(rounded) + 600)
    for state in states:
        past.keep("a", state)
        past.keep_answer("a", state.frames, SIX, answer)
    assert past.answer("a", 1) == (SIX, answer)
    for state in states:
        past.keep("b", state)
    with pytest.raises(RefusalError, match="not remembered any more"):
        past.answer("a", 4)
    assert past.answer("a", 5) == (SIX, answer)
    assert past.find("a", 1)
    assert not worker.forgotten
    past.keep_answer("b", 3, SIX, answer)
    past.retain(["b"])
    assert past.answer("b", 3) == (SIX, answer)
    past.retain([])
    assert past.taken == 0


def test_of_a_run_that_is_too_long_the_first_steps_are_forgotten(states: list[State]) -> None:
    forgotten: list[str] = []
    past = Past(forgotten.append, room=sum(len(state.pack(round_attention=True)) for state in states[2:]))
    past.keep("a", Start(GREY["data"], 0.5))
    assert past.taken == len(GREY["data"])
    for state in states:
        past.keep("a", state)
    assert not forgotten
    with pytest.raises(RefusalError, match=r"step 2: choose one from 3 to 5\."):
        past.find("a", 2)
    assert isinstance(past.find("a", 3), State)


def test_three_large_runs_and_twenty_of_the_miniature_are_remembered(states: list[State]) -> None:
    """With what the page keeps of them, which ``shelf.test.js`` counts, 400 MB."""

    def run(name: str, steps: int, side: int, attended: int) -> None:
        latent = array("f", bytes(4 * 4 * side * side))
        total = array("f", bytes(4 * 77 * attended * attended))
        for step in range(1, steps):
            past.keep(name, replace(states[0], frames=step, latent=latent, history=latent * 3, total=total))
            past.keep_answer(name, step, SIX, latent * 2)

    forgotten: list[str] = []
    past = Past(forgotten.append)
    for number in range(20):
        run(f"small {number}", 10, 16, 16)
    for number in range(3):
        run(f"large {number}", 50, 64, 64)
    assert not forgotten
    packed = [kept for steps in past._runs.values() for kept in steps.values()]
    assert len(packed) == 20 * 9 + 3 * 49
    answers = [answer for _, answer in past._answers.values()]
    assert past.taken == sum(map(len, packed + answers)) <= ROOM
    # The newest run's steps can be taken again.
    assert len([run for run, _ in past._answers if run == "large 2"]) == 49
