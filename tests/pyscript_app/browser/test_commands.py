"""The worker's commands: activities by name, one at a time, their buttons, and graphs that come when asked for."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pyscript_app.activities.table import ACTIVITIES, find
from pyscript_app.activities.tools import Tools
from pyscript_app.browser import commands, messages
from pyscript_app.browser.engine import Engine
from pyscript_app.browser.sessions import Opener, Sessions
from tests.pyscript_app.browser.conftest import Page

STEPS = 5
WISHES = SimpleNamespace(to_py=dict)
GRAPHS = {
    name: {"file": f"{name}.onnx", "shards": [], "bytes": 1, "outputs": {}} for name in ("unet", "judge")
}


@dataclass
class Item:
    """What the activity of these tests gives."""

    at_step: int
    all_values: array[float]
    score: float | None = None


class Download:
    """Files that come when a test lets them."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.let, self.ended = asyncio.Event(), False

    async def __call__(self, paths: Any) -> dict[str, Any]:
        self.asked.append(set(paths))
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.ended = True
            raise
        return dict.fromkeys(paths, None)


class Ort:
    """onnxruntime-web, as far as a session is opened and run."""

    def __init__(self) -> None:
        self.opened = 0
        self.InferenceSession = self

    async def create(self, *_: Any) -> Any:
        self.opened += 1

        async def run(_: Any) -> Any:
            return SimpleNamespace()

        return SimpleNamespace(run=run)


@pytest.fixture
def download() -> Download:
    return Download()


@pytest.fixture
def done() -> list[int]:
    """The steps of the activity of these tests."""
    return []


@pytest.fixture(autouse=True)
def offer(
    monkeypatch: pytest.MonkeyPatch, download: Download, done: list[int]
) -> Callable[[Callable[[dict[str, Any], Tools], AsyncGenerator[Any, None]]], None]:
    """An engine whose activity "count" a test may give; at first one that pauses before each of its steps."""

    async def count(_: dict[str, Any], tools: Tools) -> AsyncGenerator[int, None]:
        for step in range(1, STEPS + 1):
            await tools.runtime.pause()
            done.append(step)
            yield step

    def offer(run: Callable[[dict[str, Any], Tools], AsyncGenerator[Any, None]]) -> None:
        module: Any = ModuleType("count")
        module.run = run
        monkeypatch.setattr("pyscript_app.activities.table.import_module", lambda _: module)

    async def read(_: Any) -> None: ...

    monkeypatch.setitem(ACTIVITIES, "count", "count")
    offer(count)
    monkeypatch.setattr(messages, "to_js", lambda value: SimpleNamespace(buffer=value))
    monkeypatch.setattr("pyscript_app.browser.sessions.read", read)
    opener = Opener(Ort(), lambda _: None, GRAPHS, {"unet.onnx": None}, 1, download)
    source = SimpleNamespace(open=download)
    facts = {"model": None, "manifest": {}, "ort": None, "graphs": GRAPHS, "source": source, "settle": None}
    loaded = SimpleNamespace(**facts, sessions=Sessions(opener, "wasm", {}))
    monkeypatch.setattr(commands, "_engine", Engine(loaded))  # type: ignore[arg-type]
    return offer


def finish(run: Awaitable[Any]) -> Any:
    return asyncio.wait_for(run, 5)


def test_every_activity_of_the_table_is_a_module_that_can_be_run() -> None:
    for name in ACTIVITIES.keys() - {"count"}:
        assert callable(find(name).run)


def test_an_activity_that_nobody_knows_is_refused_with_a_code() -> None:
    trouble = asyncio.run(_ask("sing"))["trouble"]
    assert trouble["reason"] == "activity-unknown"
    assert trouble["values"] == {"name": "'sing'", "choices": ", ".join(ACTIVITIES)}


def test_a_step_that_is_not_remembered_is_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert commands._engine
    monkeypatch.setattr(commands._engine, "model", SimpleNamespace(previews={"full": "vae_decoder"}))
    trouble = asyncio.run(commands.take_step("run-1", 2, 3.5))["trouble"]
    assert trouble["reason"] == "from-answer"
    assert trouble["values"] == {"run": "'run-1'", "step": "2"}


async def _ask(activity: str) -> Any:
    return await finish(commands.run(activity, WISHES, "a"))


def test_items_go_to_the_page_as_they_are_named_there(page: Page, offer: Any) -> None:
    values = array("f", [1, 2])

    async def run(_: Any, __: Tools) -> AsyncGenerator[Any, None]:
        yield Item(1, values)
        yield {"maps": {8: values}, "list": [1, "two", (Item(2, values, 0.5),)]}

    offer(run)
    assert asyncio.run(_ask("count")) == {}
    held = SimpleNamespace(buffer=values)
    assert page.posted == [
        {"kind": "item", "id": "a", "item": {"atStep": 1, "allValues": held}},
        {
            "kind": "item",
            "id": "a",
            "item": {
                "maps": {"8": held},
                "list": [1, "two", [{"atStep": 2, "allValues": held, "score": 0.5}]],
            },
        },
    ]


def test_what_the_page_would_not_understand_is_no_item(offer: Any) -> None:
    async def run(_: Any, __: Tools) -> AsyncGenerator[Any, None]:
        yield {"path": Path("nowhere")}

    offer(run)
    assert "the page cannot be given a PosixPath" in asyncio.run(_ask("count"))["trouble"]["values"]["reason"]


def test_a_cancel_that_comes_before_the_task_has_begun_ends_the_activity(done: list[int]) -> None:
    async def scene() -> tuple[Any, Any]:
        run = commands.run("count", WISHES)
        commands.cancel()
        outcome = await finish(run)
        return outcome, await finish(commands.run("count", WISHES))

    assert asyncio.run(scene()) == ({"cancelled": True}, {})
    assert done == list(range(1, STEPS + 1))  # those of the second


def test_a_pause_that_comes_before_the_task_has_begun_holds_the_activity(done: list[int]) -> None:
    async def scene() -> Any:
        run = asyncio.ensure_future(commands.run("count", WISHES))
        commands.pause()
        await asyncio.sleep(0.1)
        assert done == []
        commands.resume()
        return await finish(run)

    assert asyncio.run(scene()) == {}


def test_the_buttons_of_an_activity_that_waits_its_turn_are_not_the_one_befores(done: list[int]) -> None:
    async def scene() -> tuple[Any, Any]:
        first, second = commands.run("count", WISHES), commands.run("count", WISHES)
        commands.cancel()
        return await finish(first), await finish(second)

    assert asyncio.run(scene()) == ({}, {"cancelled": True})
    assert done == list(range(1, STEPS + 1))


@pytest.mark.parametrize("asks", [True, False], ids=["pauses by itself", "never asks"])
def test_each_press_of_step_does_one_step(offer: Any, done: list[int], asks: bool) -> None:
    async def run(_: Any, tools: Tools) -> AsyncGenerator[int, None]:
        for step in range(1, STEPS + 1):
            if asks:
                await tools.runtime.pause()
            done.append(step)
            yield step

    async def scene() -> Any:
        run = commands.run("count", WISHES)
        commands.pause()
        await asyncio.sleep(0.05)
        counts = [len(done)]
        for _ in range(2):
            commands.step()
            await asyncio.sleep(0.05)
            counts.append(len(done))
        commands.cancel()
        return counts, await finish(run)

    offer(run)
    counts, outcome = asyncio.run(scene())
    # One that never asks is held between its items, so its first one is there.
    assert counts == ([0, 1, 2] if asks else [1, 2, 3])
    assert outcome == {"cancelled": True}


@pytest.mark.parametrize("press", ["cancel", "pause", "step", "hurry"])
def test_a_rest_after_each_step_ends_with_any_button(done: list[int], press: str) -> None:
    press_it = {"hurry": lambda: commands.rest(0)}.get(press) or getattr(commands, press)

    async def scene() -> Any:
        commands.rest(60)
        run = commands.run("count", WISHES)
        await asyncio.sleep(0.05)
        assert done == [1]
        press_it()
        await asyncio.sleep(0.05)
        count = len(done)
        commands.cancel()
        return count, await finish(run)

    count, outcome = asyncio.run(scene())
    assert count == {"cancel": 1, "pause": 1, "step": 2, "hurry": STEPS}[press]
    assert outcome == ({} if press == "hurry" else {"cancelled": True})


def test_a_rest_is_kept_for_what_comes(done: list[int]) -> None:
    async def scene() -> Any:
        commands.rest(0.05)
        began = asyncio.get_running_loop().time()
        outcome = await finish(commands.run("count", WISHES))
        return outcome, asyncio.get_running_loop().time() - began

    outcome, passed = asyncio.run(scene())
    assert outcome == {}
    assert passed > 0.05 * (STEPS - 1)


@pytest.fixture
def judging(offer: Any) -> None:
    """An activity that opens a graph which is not here, and runs it twice."""

    async def run(_: Any, tools: Tools) -> AsyncGenerator[str, None]:
        await tools.open("judge")
        yield "open"
        for _ in range(2):
            await tools.runtime.run("judge", {})
        yield "judged"

    offer(run)


@pytest.mark.usefixtures("judging")
def test_a_graph_is_fetched_once_and_when_it_is_first_asked_for(page: Page, download: Download) -> None:
    async def scene() -> list[Any]:
        first = commands.run("count", WISHES, "a")
        await asyncio.sleep(0.05)
        assert (page.posted, download.asked) == ([], [{"judge.onnx"}])
        download.let.set()
        return [await finish(first), await finish(commands.run("count", WISHES, "b"))]

    assert asyncio.run(scene()) == [{}, {}]
    assert len(download.asked) == 1
    said = [
        (message["kind"], message["id"], message.get("item") or message["stage"]) for message in page.posted
    ]
    once = [("item", "open"), ("stage", "judge"), ("stage", "judge"), ("item", "judged")]
    assert said == [(kind, name, what) for name in "ab" for kind, what in once]


@pytest.mark.usefixtures("judging")
def test_a_cancel_ends_a_download_at_once(download: Download) -> None:
    async def scene() -> Any:
        run = commands.run("count", WISHES)
        await asyncio.sleep(0.05)
        commands.cancel()
        outcome = await finish(run)
        await asyncio.sleep(0)
        assert download.ended
        return outcome

    assert asyncio.run(scene()) == {"cancelled": True}


def test_other_graphs_run_while_one_is_fetched(offer: Any, download: Download) -> None:
    async def run(_: Any, tools: Tools) -> AsyncGenerator[str, None]:
        fetched = asyncio.ensure_future(tools.runtime.run("judge", {}))
        await asyncio.sleep(0.01)
        await asyncio.wait_for(tools.runtime.run("unet", {}), 1)
        download.let.set()
        await fetched
        yield "both"

    offer(run)
    assert asyncio.run(_ask("count")) == {}


def test_a_graph_that_the_model_lacks_is_refused_with_a_code(offer: Any, download: Download) -> None:
    async def run(_: Any, tools: Tools) -> AsyncGenerator[str, None]:
        await tools.open("unet_layers")
        yield "open"

    offer(run)
    trouble = asyncio.run(_ask("count"))["trouble"]
    assert (trouble["reason"], trouble["values"]) == ("graph-absent", {"graph": "unet_layers"})
    assert not download.asked


@pytest.fixture
def reading(offer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An activity that reads a file of the model."""

    async def run(_: Any, tools: Tools) -> AsyncGenerator[Any, None]:
        yield {"length": len(await tools.read("axes.bin"))}

    async def read(_: Any) -> Any:
        return SimpleNamespace(to_bytes=lambda: b"123")

    offer(run)
    monkeypatch.setattr("pyscript_app.browser.engine.read", read)


@pytest.mark.usefixtures("reading")
def test_a_file_of_the_model_is_read_as_bytes(page: Page, download: Download) -> None:
    download.let.set()
    assert asyncio.run(_ask("count")) == {}
    assert download.asked == [{"axes.bin"}]
    assert [message["item"] for message in page.posted] == [{"length": 3}]


@pytest.mark.usefixtures("reading")
def test_a_cancel_ends_the_reading_of_a_file_at_once(download: Download) -> None:
    async def scene() -> Any:
        run = commands.run("count", WISHES)
        await asyncio.sleep(0.05)
        commands.cancel()
        return await finish(run)

    assert asyncio.run(scene()) == {"cancelled": True}
