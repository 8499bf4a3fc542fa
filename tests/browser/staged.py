"""The page without its engine: a recorded run's frames stand in the store as if they had just been drawn here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from playwright.sync_api import Browser, Page, Route

# In place of engine.js: nothing starts, and the tests reach the store.
ENGINE = """export class Engine {
  constructor(store) {
    globalThis.store = store;
    this.runs = {};
  }
  start() {}
  visit() {
    globalThis.visit(); // which only those tests define that expect it
  }
  survey() {}
}"""

# {name, steps, done, run, engine, settings, change} -> nothing. `steps` frames, made of a recording's by repeating some
# of them; `done` of them are there; `change` is laid over the model's manifest.
SHOW = """async ({ name, steps, done, run, engine, settings, change }) => {
  const { loadRecording } = await import(new URL("runs/recordings.js", document.baseURI));
  const { DEFAULTS } = await import(new URL("state/bounds.js", document.baseURI));
  const { NO_RUN } = await import(new URL("state/store.js", document.baseURI));
  const recording = await loadRecording(name);
  const model = { ...(await (await fetch("models/miniature/manifest.json")).json()), ...change };
  const all = steps ?? recording.frames.length;
  const at = (step) => recording.frames[Math.ceil((step * recording.frames.length) / all) - 1];
  const frames = Array.from({ length: done ?? all }, (_, k) => ({ ...at(k + 1), step: k + 1, steps: all }));
  const whole = { ...DEFAULTS, ...recording.settings, steps: all, ...settings };
  const finished = { status: "finished", source: "live", stage: "", error: null, msPerStep: 230 };
  store.set({
    model,
    settings: whole,
    engine: { status: "ready", backend: "wasm", threads: 2, ...engine },
    runs: { byId: { staged: { ...NO_RUN, ...finished, id: "staged", model, settings: whole, frames, steps: all,
                              started: performance.now(), picture: frames.at(-1)?.preview ?? null, ...run } },
            shown: "staged" },
    view: { step: null, word: null, part: null },
  });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


KINDS = {"js": "text/javascript", "css": "text/css"}


def answer(file: str, route: Route) -> None:
    kind = route.request.url.rsplit(".", 1)[-1]
    route.fulfill(body=file, content_type=KINDS[kind])


@contextmanager
def staged(
    chromium: Browser, address: str, files: dict[str, str] | None = None, **context: Any
) -> Iterator[Page]:
    """A page at that address whose engine never starts; any error on it fails the test.

    `files` stand in for those of the site, or beside them, by their path.
    """
    visit = chromium.new_context(service_workers="block", **context)
    page = visit.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path, file in ({"engine/engine.js": ENGINE} | (files or {})).items():
        page.route(f"**/{path}", partial(answer, file))
    page.goto(address)
    page.wait_for_function(
        "Object.values(globalThis.store?.state.runs.byId ?? {}).some(({ frames }) => frames.length > 0)"
    )
    yield page
    visit.close()
    assert not errors


def show(page: Page, name: str = "a-red-car-on-the-beach-at-sunset", **wishes: Any) -> None:
    """Put a run into the store; the wishes are those of SHOW."""
    page.evaluate(SHOW, {"name": name, **wishes})
