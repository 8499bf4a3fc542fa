"""Two recorded runs side by side in the store, as if they had just been compared here (beside staged.py)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# {a, b, done, settings, ofA, ofB} -> nothing. `done` frames of each are there; distances are of their latents.
PAIR = """async ({ a, b, done, settings, ofA, ofB }) => {
  const { loadRecording } = await import(new URL("runs/recordings.js", document.baseURI));
  const { NO_RUN } = await import(new URL("state/store.js", document.baseURI));
  const model = await (await fetch("models/miniature/manifest.json")).json();
  const [one, other] = await Promise.all([a, b].map(loadRecording));
  const kept = [one, other].map(({ frames }) => frames.slice(0, done ?? frames.length));
  const run = (id, { settings: own, frames }, place, more) => ({
    ...NO_RUN, id, model, source: "live", status: "finished", steps: frames.length, msPerStep: 230, started: 1,
    settings: { ...own, ...settings }, frames: kept[place], picture: kept[place].at(-1)?.preview ?? null, ...more,
  });
  const apart = (x, y) => Math.hypot(...x.map((value, k) => value - y[k])) / Math.hypot(...x);
  const pairs = kept[0].slice(0, kept[1].length).map((frame, k) => ({
    a: k + 1, b: k + 1, distance: apart(frame.latent, kept[1][k].latent), foreseen: apart(frame.x0, kept[1][k].x0),
  }));
  const byId = { "pair-a": run("pair-a", one, 0, ofA), "pair-b": run("pair-b", other, 1, ofB) };
  store.set({
    model, settings: byId["pair-a"].settings, engine: { status: "ready", backend: "wasm", threads: 2 },
    runs: { byId, shown: "pair-a", beside: "pair-b", compared: [{ a: "pair-a", b: "pair-b", pairs, parting: 3 }] },
    view: { step: null, word: null, part: null, room: "compare" },
  });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def pair(
    page: Page,
    a: str = "a-red-car-on-the-beach-at-sunset",
    b: str = "two-yellow-balloons-on-the-sea-at-night",
    **wishes: Any,
) -> None:
    """Put a comparison into the store of a staged page; the wishes are those of PAIR."""
    page.evaluate(PAIR, {"a": a, "b": b, **wishes})
