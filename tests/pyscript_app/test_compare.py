"""Two runs drawn in turn: in which order, what is compared, and that later runs can go on from either."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from pyscript_app.activities import compare, generate, measure
from pyscript_app.activities.compare import Comparison, Drawn
from pyscript_app.activities.tools import Tools
from pyscript_app.browser.past import Past
from pyscript_app.comparison import noise_left, pair_steps, parting
from pyscript_app.frame import Frame
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from tests.pyscript_app.fake import PICTURE, SETTINGS, SHAPE, FakeRuntime, collect

FOUR = replace(SETTINGS, steps=4, sampler="euler-ancestral")
CELLS = SHAPE[0] * SHAPE[1] * SHAPE[2]
AXES = np.random.default_rng(0).normal(size=(3, CELLS)).astype("<f4")
GREY = {"width": PICTURE, "height": PICTURE, "data": [128.0] * (PICTURE * PICTURE * 4), "strength": 0.5}


class Worker:
    """Activities on fakes of graphs, of a model that has axes."""

    def __init__(self, model: Model) -> None:
        self.runtime, self.model = FakeRuntime(batch=model.batch), model
        self.manifest: dict[str, Any] = {"axes": {"file": "axes.bin", "runs": 1}}
        self.past = Past(lambda _: None)
        self.read: list[str] = []

    def run(self, activity: Any, wishes: dict[str, Any], name: str = "run-9", most: int = 99) -> list[Any]:
        async def read(path: str) -> bytes:
            self.read.append(path)
            return AXES.tobytes()

        tools = Tools(name, self.model, self.manifest, self.runtime, self.past, open=None, read=read)  # type: ignore[arg-type]

        async def scene() -> list[Any]:
            items: list[Any] = []
            source = activity.run(wishes, tools)
            async for item in source:
                items.append(item)
                if len(items) == most:
                    break
            await source.aclose()
            return items

        return asyncio.run(scene())

    def compare(self, a: dict[str, Any], b: dict[str, Any]) -> tuple[list[Drawn], Comparison]:
        items = self.run(compare, {"a": {"id": "run-1"} | a, "b": {"id": "run-2"} | b})
        assert [item.comparison for item in items[:-1]] == [None] * (len(items) - 1)
        return items, items[-1].comparison


@pytest.fixture
def worker(model: Model) -> Iterator[Worker]:
    worker = Worker(model)
    yield worker
    assert not worker.runtime.held


def frames(items: list[Drawn], run: str) -> list[Frame]:
    return [replace(item.frame, ms=None) for item in items if item.run == run]  # type: ignore[arg-type]


def projected(run: list[Frame]) -> np.ndarray:
    latents = np.stack([run[0].latent_in, *(frame.latent for frame in run)]).astype(float)
    mean, *axes = AXES.astype(float)
    return (latents - mean) @ np.stack(axes).T


def relative(a: Any, b: Any) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.linalg.norm(a - b) / np.linalg.norm(a))


def test_the_same_twice_is_nowhere_apart(worker: Worker) -> None:
    items, said = worker.compare(vars(FOUR), vars(FOUR))
    assert (said.distance, said.foreseen, said.parting) == ([0.0] * 4, [0.0] * 4, None)
    assert said.pairs == [0, 1, 2, 3]
    assert said.paths is not None
    assert said.paths["a"] == said.paths["b"]
    assert frames(items, "a") == frames(items, "b")
    assert [item.run for item in items] == ["a", "b"] * 4
    # Each is what it is when it is drawn alone.
    alone = collect(FOUR, worker.model)
    ours = [replace(frame, way=None) for frame in frames(items, "a")]
    assert ours == [replace(frame, state=None, answer=None, ms=None) for frame in alone]  # type: ignore[arg-type]


def test_distances_and_paths_are_numpys(worker: Worker) -> None:
    items, said = worker.compare(vars(FOUR), vars(FOUR) | {"prompt": "a blue boat", "seed": 8})
    a, b = frames(items, "a"), frames(items, "b")
    assert said.distance == pytest.approx([relative(x.latent, y.latent) for x, y in zip(a, b, strict=True)])
    assert said.foreseen == pytest.approx([relative(x.x0, y.x0) for x, y in zip(a, b, strict=True)])
    assert said.parting == parting(said.distance) is not None
    assert said.paths is not None
    np.testing.assert_allclose(said.paths["a"], projected(a), atol=1e-4)
    np.testing.assert_allclose(said.paths["b"], projected(b), atol=1e-4)
    assert set(worker.read) == {"axes.bin"}
    # Each frame says its own part of the way, of a picture that is drawn alone too.
    alone = [frame.way for frame in worker.run(generate, vars(FOUR))]
    assert alone == list(pairwise(said.paths["a"])) == [frame.way for frame in a]


def test_of_different_steps_the_noisier_one_is_drawn_next_and_pairs_are_said_once_both_are_there(
    worker: Worker,
) -> None:
    items, said = worker.compare(vars(FOUR) | {"steps": 3}, vars(FOUR) | {"steps": 7})
    shares: dict[str, list[float]] = {
        run: [frame.noise_share for frame in frames(items, run)] for run in ("a", "b")
    }
    ahead = {run: list(each) for run, each in shares.items()}
    for item in items:
        waits = ahead["b" if item.run == "a" else "a"]
        assert not waits or ahead[item.run][0] >= waits[0]
        ahead[item.run].pop(0)
    assert (len(shares["a"]), len(shares["b"])) == (3, 7)
    assert said.pairs == pair_steps(noise_left(shares["a"]), noise_left(shares["b"]))
    pairs = [pair for item in items for pair in item.pairs]
    assert [(pair.a, pair.b) for pair in pairs] == list(enumerate(said.pairs))
    assert [pair.distance for pair in pairs] == said.distance
    drawn = {"a": 0, "b": 0}
    for item in items:
        drawn[item.run] += 1
        # The newest of the two that they are of completes them.
        assert all(max(pair.a + 1 - drawn["a"], pair.b + 1 - drawn["b"]) == 0 for pair in item.pairs)


def test_one_that_begins_late_waits_until_the_other_is_as_clear(worker: Worker) -> None:
    items, said = worker.compare(vars(FOUR), vars(FOUR) | {"start": GREY})
    assert [item.run for item in items] == ["a", "a", "a", "b", "a", "b"]
    assert said.pairs == [0, 0, 0, 1]
    assert said.paths is not None
    assert (len(said.paths["a"]), len(said.paths["b"])) == (5, 3)


def test_later_runs_go_on_from_either_bit_for_bit(worker: Worker) -> None:
    other = vars(FOUR) | {"prompt": "a blue boat", "steps": 5}
    items, _ = worker.compare(vars(FOUR), other)
    for run, name, wishes in (("a", "run-1", vars(FOUR)), ("b", "run-2", other)):
        again = worker.run(generate, wishes | {"from": {"run": name, "step": 2}})
        assert [replace(frame, ms=None) for frame in again] == frames(items, run)[2:]  # type: ignore[arg-type]
    # And a comparison from a step that both have in common.
    later = vars(FOUR) | {"from": {"run": "run-1", "step": 2}}
    items, said = worker.compare(later | {"id": "run-3"}, later | {"id": "run-4", "seed": 8})
    assert [(item.run, item.frame.step) for item in items] == [("a", 3), ("b", 3), ("a", 4), ("b", 4)]
    assert (len(said.distance), said.distance[0] > 0) == (2, True)
    assert items[0].frame.latent_in == items[1].frame.latent_in


def test_a_model_without_axes_has_no_paths(worker: Worker) -> None:
    worker.manifest.clear()
    items, said = worker.compare(vars(FOUR), vars(FOUR))
    assert said.paths is None
    assert [item.frame.way for item in items] == [None] * 8
    assert worker.read == []


def test_nothing_runs_where_one_cannot_be_drawn(worker: Worker) -> None:
    with pytest.raises(RefusalError, match="There is no sampler 'magic'"):
        worker.compare(vars(FOUR), vars(FOUR) | {"sampler": "magic"})
    with pytest.raises(RefusalError, match="There is no run 'nobody'"):
        worker.compare(vars(FOUR), vars(FOUR) | {"from": {"run": "nobody", "step": 1}})
    assert not worker.runtime.feeds


def test_one_that_is_ended_leaves_nothing_behind(worker: Worker) -> None:
    worker.run(compare, {"a": vars(FOUR) | {"id": "1"}, "b": vars(FOUR) | {"id": "2"}}, most=3)


def side(run: list[Frame]) -> dict[str, Any]:
    return {
        "shares": [frame.noise_share for frame in run],
        "latents": [frame.latent for frame in run],
        "expected": [frame.x0 for frame in run],
    }


def test_runs_that_were_drawn_apart_are_measured_as_if_they_had_been_drawn_in_turn(worker: Worker) -> None:
    items, said = worker.compare(vars(FOUR) | {"steps": 3}, vars(FOUR) | {"steps": 7, "seed": 8})
    (measured,) = worker.run(measure, {run: side(frames(items, run)) for run in ("a", "b")})
    assert vars(measured) == {name: getattr(said, name) for name in vars(measured)}


def test_latents_of_different_shapes_have_no_distance(worker: Worker) -> None:
    small = {"shares": [1.0], "latents": [[0.0] * 4], "expected": [[0.0] * 4]}
    (measured,) = worker.run(measure, {"a": small, "b": small | {"latents": [[0.0] * 16]}})
    assert set(vars(measured).values()) == {None}
