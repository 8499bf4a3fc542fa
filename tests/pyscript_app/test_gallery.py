"""A gallery: its pictures are the loop's own, one after the other, and are compared; a refused one is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from pyscript_app.activities import gallery
from pyscript_app.activities.gallery import Refused, Shown
from pyscript_app.activities.tools import Tools
from pyscript_app.comparison import mean_distance
from pyscript_app.glimpse import GLIMPSES
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from tests.pyscript_app.fake import SETTINGS, FakeRuntime, collect

EIGHT = replace(SETTINGS, steps=8)


def draw(
    model: Model, wishes: dict[str, Any], runtime: FakeRuntime | None = None, most: int = 99
) -> list[Any]:
    """The items; whatever happens, no tensor is left behind."""
    runtime = runtime or FakeRuntime(batch=model.batch)
    tools = Tools("gallery-1", model, {}, runtime, None, open=None, read=None)  # type: ignore[arg-type]

    async def scene() -> list[Any]:
        items: list[Any] = []
        source = gallery.run({"settings": vars(EIGHT)} | wishes, tools)
        async for item in source:
            items.append(item)
            if len(items) == most:
                break
        await source.aclose()
        return items

    try:
        return asyncio.run(scene())
    finally:
        assert not runtime.held


@pytest.mark.parametrize(
    ("vary", "values"),
    [
        ("seed", [7, 8, 2**40]),
        ("guidance", [0, 1.5, 7.5]),
        ("sampler", ["ddim", "euler-ancestral", "dpm++2m", "pndm", "lcm"]),
        ("steps", [1, 2, 13]),
    ],
)
def test_each_picture_is_the_one_that_the_loop_draws(model: Model, vary: str, values: list[Any]) -> None:
    items = draw(model, {"vary": vary, "values": values})
    finished = [item for item in items if item.glimpse.latent]
    assert [item.value for item in finished] == values
    for item in finished:
        (*_, last) = collect(replace(EIGHT, **{vary: item.value}), model)
        assert (item.glimpse.latent, item.glimpse.picture) == (last.latent, last.picture)
        assert (item.glimpse.step, item.glimpse.steps, item.glimpse.drawn_by) == (
            last.steps,
            last.steps,
            "vae_decoder",
        )


@pytest.mark.parametrize("steps", [1, 4, 5, 8, 50])
def test_each_picture_clears_up_every_few_steps(model: Model, steps: int) -> None:
    items = draw(model, {"vary": "steps", "values": [steps]})
    shown = [item.glimpse.step for item in items]
    assert shown[-1] == steps
    assert len(shown) == len(range(steps, 0, -max(1, -(-steps // GLIMPSES)))) <= GLIMPSES
    frames = collect(replace(EIGHT, steps=steps, preview="tiny"), model)
    for item in items:
        assert item.glimpse.picture == frames[item.glimpse.step - 1].picture
    assert [item.apart for item in items] == [None] * len(items)  # one alone is nowhere apart


def test_attention_is_neither_pooled_nor_read(model: Model) -> None:
    runtime = FakeRuntime()
    draw(model, {"vary": "seed", "values": [1, 2]}, runtime)
    graphs = [graph for graph, _ in runtime.feeds]
    assert graphs.count("unet") == graphs.count("step") == 2 * EIGHT.steps
    assert "attention" not in graphs


def test_how_far_apart_they_are_is_the_mean_over_all_pairs_drawn_so_far(model: Model) -> None:
    items = draw(model, {"vary": "seed", "values": [1, 2, 3]})
    finished = [item for item in items if item.glimpse.latent]
    latents = [np.array(item.glimpse.latent, float) for item in finished]
    said = [None]
    for count in (2, 3):
        pairs = permutations(latents[:count], 2)
        said.append(np.mean([np.linalg.norm(a - b) / np.linalg.norm(a) for a, b in pairs]))
    assert [item.apart for item in finished] == [None, *map(pytest.approx, said[1:])]
    # Drawn in two goes it is the same.
    before = [finished[0].glimpse.latent, finished[1].glimpse.latent]
    (*_, last) = draw(model, {"vary": "seed", "values": [3], "latents": before})
    assert last.apart == finished[2].apart
    assert mean_distance([before[0], before[0]]) == 0


def test_what_cannot_be_drawn_is_said_and_the_others_are_drawn(model: Model) -> None:
    items = draw(model, {"vary": "steps", "values": [2, 0, 3]})
    assert isinstance(items[0], Refused)
    assert (items[0].value, items[0].reason) == (0, "setting-steps")
    assert str(RefusalError(items[0].reason, **items[0].values)).startswith("The number of steps must be")
    assert [item.value for item in items[1:] if item.glimpse.latent] == [2, 3]


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        (
            {"vary": "prompt", "values": ["a", "b"]},
            "A gallery cannot vary 'prompt'; choose one of seed, guidance",
        ),
        ({"vary": "steps", "values": [0, -1]}, "The number of steps must be a whole number"),
        ({"vary": "seed", "values": [1], "settings": {"gains": {"giraffe": 2}}}, "The word 'giraffe' is not"),
        ({"vary": "seed", "values": [1], "settings": {"colour": 2}}, "There is no setting named 'colour'"),
    ],
)
def test_nothing_runs_where_none_can_be_drawn(model: Model, wishes: dict[str, Any], sentence: str) -> None:
    runtime = FakeRuntime()
    with pytest.raises(RefusalError, match=sentence):
        draw(model, wishes, runtime)
    assert not runtime.feeds


def test_one_that_is_ended_leaves_nothing_behind(model: Model) -> None:
    items = draw(model, {"vary": "seed", "values": [1, 2]}, most=6)
    assert (items[-1].value, items[-1].glimpse.latent) == (2, None)
    with pytest.raises(RuntimeError, match="pause failed"):
        draw(model, {"vary": "seed", "values": [1]}, FakeRuntime(3, only="pause"))


@pytest.mark.parametrize("guidance", ["embedded", "none"])
def test_distilled_models_draw_theirs(models: Callable[..., Model], guidance: str) -> None:
    items = draw(models(guidance=guidance), {"vary": "seed", "values": [1, 2], "settings": {"steps": 2}})
    assert all(isinstance(item, Shown) for item in items)
    assert items[-1].apart > 0
