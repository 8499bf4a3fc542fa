"""Activities: two more are added to the site, as files and lines would be, and asked for by the page."""

from __future__ import annotations

import io
import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import MODEL, visiting, wait_ready
from tests.browser.wire import Line, bad_line

TABLE = "pyscript_app/activities/table.py"
ADDED = {
    "count": """
from array import array
from dataclasses import dataclass


@dataclass
class Count:
    so_far: int
    all_halves: array


async def run(wishes, tools):
    for number in range(1, wishes.get("to", 3) + 1):
        yield Count(number, array("f", [each / 2 for each in range(number)]))
""",
    "judge": """
from array import array


async def run(wishes, tools):
    await tools.open("judge")
    yield "open"
    height, width = tools.model.size
    picture = tools.runtime.tensor(array("f", wishes["picture"]), (height, width, 4))
    said = await tools.runtime.run("judge", {"picture": picture})
    yield {"places": await tools.runtime.read(said["places"]), "names": tools.manifest["judge"]["places"]}
    tools.runtime.release(picture, *said.values())
""",
}


def with_activities(app: Path) -> bytes:
    """The page's Python, with a module and a line more for each of the added activities."""
    packed = io.BytesIO()
    with zipfile.ZipFile(app) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            if "activities/__pycache__/table." in name:
                continue  # of the source before the change
            content = source.read(name)
            if name == TABLE:
                lines = "".join(f'    "{each}": "pyscript_app.activities.{each}",\n' for each in ADDED)
                content = content.replace(b"ACTIVITIES = {\n", b"ACTIVITIES = {\n" + lines.encode())
                assert lines.encode() in content
            target.writestr(name, content)
        for name, text in ADDED.items():
            target.writestr(f"pyscript_app/activities/{name}.py", text)
    return packed.getvalue()


@pytest.fixture(scope="module")
def folder(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the site with those activities."""
    copy = tmp_path_factory.mktemp("activities") / "app"
    shutil.copytree(site, copy, copy_function=lambda source, target: Path(target).hardlink_to(source))
    (copy / "app.zip").unlink()
    (copy / "app.zip").write_bytes(with_activities(site / "app.zip"))
    return copy


@pytest.fixture(scope="module")
def line(folder: Path) -> Iterator[Line]:
    with bad_line(folder) as line:
        yield line


@pytest.fixture(scope="module")
def live(chromium: Browser, line: Line) -> Iterator[Page]:
    """A page whose engine is ready; any error on it fails the tests."""
    with visiting(chromium, line.address) as page:
        wait_ready(page)
        yield page


def test_items_come_as_they_are_made_and_the_last_is_given(live: Page) -> None:
    heard, last, kind = live.evaluate(
        """async () => {
          const heard = [];
          const last = await diffuscope.run("count", { to: 3 }, ({ soFar }) => heard.push(soFar));
          return [heard, { ...last, allHalves: [...last.allHalves] }, last.allHalves.constructor.name];
        }"""
    )
    assert heard == [1, 2, 3]
    assert last == {"soFar": 3, "allHalves": [0, 0.5, 1]}
    assert kind == "Float32Array"


def test_a_name_that_nobody_knows_is_said(live: Page) -> None:
    told = live.evaluate("diffuscope.run('sing').then(() => '', (error) => error.message)")
    known = "count, judge, generate, compare, measure, causes, gallery"
    assert told == f"There is no activity 'sing'; choose one of {known}."


def test_pause_step_resume_and_cancel_act_on_any_activity(live: Page) -> None:
    counts, name = live.evaluate(
        """async () => {
          const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
          let items = 0;
          const more = async (than) => { for (let n = 0; items <= than && n < 500; n++) await sleep(20); };
          const still = async () => {
            for (let seen = -1; seen !== items; await sleep(500)) seen = items;
            return items;
          };
          const first = Promise.withResolvers();
          const heard = () => { items += 1; first.resolve(); };
          const run = diffuscope.run("count", { to: 100000 }, heard).catch(({ name }) => name);
          await first.promise;
          diffuscope.pause();
          const counts = [await still()];
          for (const _ of [1, 2]) {
            diffuscope.step();
            await more(counts.at(-1));
            counts.push(await still());
          }
          diffuscope.resume();
          await more(counts.at(-1) + 1);
          counts.push(items);
          diffuscope.cancel();
          const name = await run;
          counts.push(items);
          return [[...counts, await still()], name];
        }"""
    )
    paused, stepped, again, resumed, cancelled, after = counts
    assert (stepped, again) == (paused + 1, paused + 2)
    assert resumed > again + 1
    assert cancelled == after < 100_000
    assert name == "AbortError"


def test_activities_wait_their_turns_and_a_picture_cancels_the_picture_before_it_alone(live: Page) -> None:
    order = live.evaluate(
        """async () => {
          const order = [];
          const ended = (what) => [() => order.push(what), ({ name }) => order.push(`${what}: ${name}`)];
          const first = Promise.withResolvers();
          const heard = () => { diffuscope.pause(); first.resolve(); };
          const counting = diffuscope.run("count", { to: 5 }, heard).then(...ended("count"));
          await first.promise;
          const draw = (what) => diffuscope.generate({ steps: 1 }, () => order.push(`${what} draws`));
          const all = [counting, draw("one").then(...ended("one")), draw("two").then(...ended("two"))];
          all.push(diffuscope.run("count", { to: 1 }, () => order.push("again")).then(...ended("again, ended")));
          await new Promise((done) => setTimeout(done, 500));
          order.push("rested");
          diffuscope.cancel();
          await Promise.all(all);
          return order;
        }"""
    )
    assert order == [
        "one: AbortError",
        "rested",
        "count: AbortError",
        "two draws",
        "two",
        "again",
        "again, ended",
    ]


JUDGE = """async () => {
  const { picture } = await diffuscope.generate({ seed: 7, steps: 1 });
  const began = performance.now();
  const heard = [];
  const item = await diffuscope.run("judge", { picture: picture.data }, (item) => heard.push(item));
  const marks = performance.getEntriesByType("mark").filter(({ startTime }) => startTime > began);
  return { picture: [...picture.data], places: [...item.places], names: item.names, first: heard[0],
           marks: marks.map(({ name }) => name).filter((name) => name.startsWith("engine: ")) };
}"""


def test_a_graph_comes_when_it_is_first_asked_for_and_says_how_far_it_is(live: Page, folder: Path) -> None:
    judge = folder / MODEL / "judge.onnx"
    away = judge.with_suffix(".away")
    judge.rename(away)
    told = live.evaluate(f"({JUDGE})().then(() => '', (error) => error.message)")
    assert told.startswith("The model's file judge.onnx is not on the server: put")
    away.rename(judge)

    said = live.evaluate(JUDGE)  # which draws first
    assert said["first"] == "open"
    assert said["marks"] == ["engine: downloading", "engine: ready"]
    picture = np.array(said["picture"], np.float32).reshape(128, 128, 4)
    session = onnxruntime.InferenceSession(judge)
    expected = session.run(["places"], {"picture": picture})[0]
    np.testing.assert_allclose(said["places"], expected, atol=1e-3)
    assert len(said["names"]) == len(expected)
    assert live.evaluate(JUDGE)["marks"] == []


def test_a_cancel_does_not_wait_for_a_download(live: Page, line: Line, folder: Path) -> None:
    """The encoder comes slowly; who cancels may draw at once."""
    manifest = json.loads((folder / MODEL / "manifest.json").read_text("utf-8"))
    (shard,) = manifest["graphs"]["vae_encoder"]["shards"]
    line.pause = 20.0  # seconds for each of its four blocks
    try:
        live.evaluate(
            """async () => {
              const { picture } = await diffuscope.generate({ steps: 1 });
              globalThis.waiting = diffuscope.generate({ steps: 4, start: { picture, strength: 0.5 } })
                .catch(({ name }) => name);
            }"""
        )
        give_up = time.monotonic() + 30
        while not line.sent[MODEL + shard]:
            assert time.monotonic() < give_up, "the encoder is not asked for"
            live.wait_for_timeout(100)
        began = time.monotonic()
        name = live.evaluate("() => { diffuscope.cancel(); return waiting; }")
        live.evaluate("diffuscope.generate({ steps: 1 }).then(() => null)")
        assert name == "AbortError"
        assert time.monotonic() - began < 15, "the next picture waited for the download"
    finally:
        line.pause = 0.0


def test_a_quick_picture_is_one_of_few_steps(live: Page) -> None:
    frame = live.evaluate(
        "diffuscope.run('generate', { quick: true }).then(({ step, steps, preview }) => [step, steps, preview.width])"
    )
    assert frame == [4, 4, 128]
