"""What a word carries: each picture is that of its settings, and each number is NumPy's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pyscript_app.activities import causes, generate
from pyscript_app.activities.causes import Cause
from pyscript_app.activities.tools import Tools
from pyscript_app.browser.past import Past
from pyscript_app.causes import (
    GROUP_VERDICTS,
    GROUPS,
    LEAKS,
    SEEN,
    VERDICTS,
    WAYS,
    changed,
    group_verdict,
    leak,
    rms,
    shares,
    verdict,
)
from pyscript_app.loop import Settings
from pyscript_app.manifest import schema
from pyscript_app.model import Model
from pyscript_app.refusal import RefusalError
from pyscript_app.slots import PADDING
from tests.pyscript_app.fake import PICTURE, SETTINGS, FakeRuntime, collect
from tests.pyscript_app.test_slots import Listening

GREY = [128.0] * (PICTURE * PICTURE * 4)


class Worker:
    """The activity on fakes of graphs."""

    def __init__(self, model: Model, runtime: FakeRuntime | None = None) -> None:
        self.model, self.runtime = model, runtime or Listening(batch=model.batch)
        self.past = Past(lambda _: None)

    def run(self, wishes: dict[str, Any], activity: Any = causes, most: int = 99) -> list[Any]:
        tools = Tools("run-9", self.model, {}, self.runtime, self.past, open=None, read=None)  # type: ignore[arg-type]

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

    def picture(self, settings: Settings) -> list[float]:
        return list(collect(settings, self.model, type(self.runtime)(batch=self.model.batch))[-1].picture)


@pytest.fixture
def worker(model: Model) -> Iterator[Worker]:
    worker = Worker(model)
    yield worker
    assert not worker.runtime.held


def finished(items: list[Cause]) -> dict[str, Cause]:
    return {item.way: item for item in items if item.step == item.steps}


def numpys(a: Any, b: Any) -> float:
    pairs = (np.reshape(each, (-1, 4))[:, :3].astype(float) for each in (a, b))
    return float(np.sqrt(np.square(np.subtract(*pairs)).mean()))


def test_each_way_is_the_picture_of_its_settings(worker: Worker) -> None:
    items = worker.run(vars(SETTINGS) | {"word": "Red"})
    last = finished(items)
    assert tuple(last) == ("original", *WAYS)
    for way, item in last.items():
        asked = replace(SETTINGS, gains=item.gains, slots=item.slots)
        assert list(item.picture) == worker.picture(asked), way
        assert item.slots == ({} if way in ("original", "off") else {"red": way})
        assert item.gains == ({"red": 0} if way == "off" else {})
        if item.change:
            assert item.change.rms == pytest.approx(numpys(last["original"].picture, item.picture))
            assert item.change.marks is None
    assert last["deleted"].change.rms > 0
    assert [item.changes for item in items[:-1]] == [None] * (len(items) - 1)
    assert items[-1].changes == {way: last[way].change.rms for way in WAYS}
    assert items[-1].verdict == verdict(last["cut"].change.rms, last["deleted"].change.rms)


def test_they_clear_up_by_a_cheap_graph_or_only_the_end_is_drawn(
    worker: Worker, models: Any, model: Model
) -> None:
    items = worker.run(vars(SETTINGS) | {"word": "red"})
    assert len(items) == SETTINGS.steps * 6
    assert all(len(item.picture) for item in items)
    assert len(worker.runtime.fed("vae_decoder")) == 6
    assert len(worker.runtime.fed("latent_rgb")) == 6 * (SETTINGS.steps - 1)
    lone = Worker(models(graphs=("vae_decoder",)))
    items = lone.run(vars(SETTINGS) | {"word": "red"})
    assert [len(item.picture) > 0 for item in items[: SETTINGS.steps]] == [False, False, True]


def test_a_picture_that_is_there_is_not_drawn_again(worker: Worker) -> None:
    plain = worker.picture(SETTINGS)
    drawn = finished(worker.run(vars(SETTINGS) | {"word": "red"}))
    items = worker.run(vars(SETTINGS) | {"word": "red", "picture": plain})
    assert {item.way for item in items} == set(WAYS)
    assert items[-1].changes == pytest.approx({way: drawn[way].change.rms for way in WAYS})
    # It is that of other settings, so it is no original.
    for other in ({"gains": {"Red": 0.5}}, {"slots": {"boat": "cut"}}):
        items = worker.run(vars(SETTINGS) | other | {"word": "red", "picture": GREY})
        assert list(finished(items)["original"].picture) == plain
    # The strength of another word stays.
    items = worker.run(vars(SETTINGS) | {"gains": {"boat": 0.5}, "word": "red", "picture": plain})
    assert {item.gains["boat"] for item in items} == {0.5}


def test_all_words_are_set_against_all_the_padding(worker: Worker) -> None:
    last = finished(worker.run(vars(SETTINGS)))
    assert tuple(last) == ("original", *GROUPS)
    words = {"a", "red", "zeppelin", ",", "boat"}
    for way, slots in (("words", dict.fromkeys(words, "alone")), ("padding", {PADDING: "alone"})):
        assert last[way].slots == slots
        assert list(last[way].picture) == worker.picture(replace(SETTINGS, slots=slots))
        assert last[way].change.rms > 0


def test_where_the_padding_hears_nothing_it_draws_what_no_words_draw(model: Model) -> None:
    """Each slot of the planted encoder is the same whatever stands before it."""
    worker = Worker(model, FakeRuntime())
    items = worker.run(vars(SETTINGS))
    last = finished(items)
    assert (items[-1].changes["words"], items[-1].verdict) == (0, "either")  # its pictures are all but grey
    assert list(last["padding"].picture) == worker.picture(replace(SETTINGS, prompt=""))
    assert last["padding"].change.rms == pytest.approx(
        numpys(worker.picture(SETTINGS), worker.picture(replace(SETTINGS, prompt="")))
    )
    # There a word that is cut is cut off from nobody else.
    items = worker.run(vars(SETTINGS) | {"word": "red"})
    assert items[-1].changes["unheard"] == 0 < items[-1].changes["cut"]


def test_a_quick_one_takes_few_steps(worker: Worker) -> None:
    items = worker.run(vars(SETTINGS) | {"steps": 9, "word": "red", "quick": True, "picture": GREY})
    assert {item.steps for item in items} == {4}
    assert tuple(finished(items)) == ("original", *WAYS)


def test_another_strength_is_drawn_alone_and_compared_inside_and_outside_a_place(worker: Worker) -> None:
    place = np.zeros((4, 4), np.uint8)
    place[1:3, 2:] = 1
    wishes = vars(SETTINGS) | {"gains": {"Red": 2, "boat": 0.5}, "word": "red", "gain": 0.25}
    items = worker.run(wishes | {"place": memoryview(place.tobytes()), "picture": GREY})
    last = finished(items)
    assert list(last) == ["gain"]
    assert last["gain"].gains == {"red": 0.25, "boat": 0.5}
    change = last["gain"].change
    assert change.rms == pytest.approx(numpys(GREY, last["gain"].picture))
    assert (len(change.marks), change.inside, change.outside) == (PICTURE * PICTURE, 1, 1)
    # The original has the strength that it had.
    items = worker.run(wishes)
    assert [(item.way, item.gains) for item in finished(items).values()] == [
        ("original", {"Red": 2, "boat": 0.5}),
        ("gain", {"red": 0.25, "boat": 0.5}),
    ]


def test_pictures_are_compared_as_numpy_does() -> None:
    a, b = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 4)).astype(float)
    a[..., 3] = b[..., 3] = 255
    b[:, ::3] = a[:, ::3] + SEEN - 1  # not quite to be seen
    b[:, 1::3, 2] = a[:, 1::3, 2] + SEEN  # just to be seen
    place = np.random.default_rng(1).integers(0, 2, (4, 4)).astype(np.uint8)
    assert rms(a.ravel(), b.ravel()) == pytest.approx(numpys(a, b))
    marks = changed(a.ravel().tolist(), b.ravel().tolist())
    expected = (np.abs(a - b)[..., :3].max(-1) >= SEEN).astype(np.uint8)
    np.testing.assert_array_equal(np.frombuffer(marks, np.uint8).reshape(12, 16), expected)
    inside = np.kron(place, np.ones((3, 4))).astype(bool)
    assert shares(marks, place.tobytes(), 16) == pytest.approx(
        (expected[inside].mean(), expected[~inside].mean())
    )
    assert shares(marks, bytes(16), 16) == (None, expected.mean())


@pytest.mark.parametrize(
    ("cut", "deleted", "said"),
    [
        (2, 3, "nothing"),
        (0, 0, "nothing"),
        (31, 32, "own"),
        (38, 32, "own"),
        (41, 32, "more"),
        (5, 1, "more"),
        (20, 32, "part"),
        (5, 32, "others"),
    ],
)
def test_who_says_a_word(cut: float, deleted: float, said: str) -> None:
    assert verdict(cut, deleted) == said
    assert said in VERDICTS


@pytest.mark.parametrize(
    ("words", "padding", "said"),
    [(1, 2, "either"), (2, 30, "words"), (30, 2, "padding"), (30, 40, "both"), (0, 40, "words")],
)
def test_who_carries_a_picture(words: float, padding: float, said: str) -> None:
    assert group_verdict(words, padding) == said
    assert said in GROUP_VERDICTS


@pytest.mark.parametrize(("off", "said"), [(5, "most"), (20, "some"), (28, "little"), (40, "little")])
def test_how_far_the_words_of_a_model_leak(off: float, said: str) -> None:
    assert leak(off, 32) == said
    assert said in LEAKS == tuple(schema()["properties"]["slots"]["properties"]["leak"]["enum"])


def test_it_begins_where_an_earlier_run_began(worker: Worker) -> None:
    latent = np.random.default_rng(0).normal(size=(4, 8, 8)).astype(np.float32)
    begun = vars(SETTINGS) | {"from": {"run": "run-1", "step": 0, "latent": latent.ravel()}}
    worker.past.keep("run-1", None)
    frames = worker.run(begun, generate)
    later = finished(worker.run(vars(SETTINGS) | {"word": "red", "from": {"run": "run-9", "step": 0}}))
    assert later["original"].picture == frames[-1].picture


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"word": "green"}, "slot-word"),
        ({"word": 3}, "slot-word"),
        ({"word": "red", "gain": -1}, "setting-gains-each"),
        ({"word": "green", "gain": 1}, "gain-word"),
        ({"gain": 1}, "gain-nobody"),
        ({"word": "red", "picture": GREY[1:]}, "original-size"),
        ({"word": "red", "sampler": "magic"}, "setting-sampler"),
        ({"word": "red", "loud": 1}, "setting-unknown"),
        ({"word": "red", "from": {"run": "run-1", "step": 0}}, "from-run"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_before_anything_runs(
    worker: Worker, wishes: dict[str, Any], code: str
) -> None:
    with pytest.raises(RefusalError) as refused:
        worker.run(vars(SETTINGS) | wishes)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
    assert not worker.runtime.feeds


def test_a_place_is_a_square() -> None:
    with pytest.raises(RefusalError, match="3 cells are none"):
        shares(bytes(4), [0, 1, 1], 2)


def test_one_that_is_ended_leaves_nothing_behind(worker: Worker) -> None:
    assert len(worker.run(vars(SETTINGS) | {"word": "red"}, most=4)) == 4
