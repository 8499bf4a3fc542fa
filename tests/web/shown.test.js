/** Which run is on show, and whether its picture is still that of the settings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { besideRun, lasting, queuedRun, shownFrame, shownRun, stale } from "../../web/state/selectors.js";
import { NO_RUN } from "../../web/state/store.js";

const SETTINGS = {
  prompt: "a Red car",
  negative: "",
  seed: 1,
  steps: 10,
  guidance: 3,
  sampler: "ddim",
  gains: { red: 0.5 },
  preview: "full",
  every: 1,
};
const FRAMES = [{ words: ["a", "Red", "car"].map((text) => ({ text })) }];

const MODEL = { graphs: { vae_encoder: {} } };
const NOISE = { on: false, picture: null, strength: 0.5 };

/** @param {object} change of the settings @param {object} [run] @param {object} [start] */
function after(change, run = {}, start = NOISE) {
  const now = { ...SETTINGS, ...change };
  const drawn = { source: "live", status: "finished", settings: SETTINGS, frames: FRAMES, ...run };
  return stale(
    /** @type {any} */ ({
      settings: now,
      start,
      model: MODEL,
      runs: { byId: { a: drawn }, shown: "a", beside: null },
    }),
  );
}

test("a picture of the settings as they are is not stale", () => {
  assert.equal(after({}), false);
  assert.equal(after({ gains: { red: 0.5, boat: 2 } }), false, "a strength that waits changes nothing");
  assert.equal(
    after({ preview: "linear", every: 2 }),
    false,
    "what draws the steps on the way changes nothing",
  );
  assert.equal(after({ prompt: "other" }, { frames: [] }), false, "there is no picture yet");
  assert.equal(after({ prompt: "other" }, { source: "recorded" }), false, "a recording says what it is");
});

for (const change of [
  { prompt: "a red car" },
  { negative: "a boat" },
  { seed: 2 },
  { steps: 11 },
  { guidance: 3.5 },
  { sampler: "pndm" },
  { gains: {} },
  { gains: { red: 0.5, car: 0 } },
]) {
  test(`${JSON.stringify(change)} makes the picture stale, also while it is being drawn`, () => {
    assert.equal(after(change), true);
    assert.equal(after(change, { status: "running" }), true);
  });
}

test("a picture that began elsewhere, or later, is stale", () => {
  const picture = { width: 8, height: 8 };
  const begun = { start: { picture, strength: 0.5 } };
  const at = { on: true, picture, strength: 0.5 };
  assert.equal(after({}, begun, at), false);
  assert.equal(after({}, begun, { ...at, strength: 0.6 }), true);
  assert.equal(after({}, begun, { ...at, picture: { ...picture } }), true);
  assert.equal(after({}, begun), true, "it begins in noise now");
  assert.equal(after({}, {}, at), true, "it began in noise");
});

test("a run is on show, another beside it, another may wait; of what is not there, nothing is", () => {
  const byId = { a: { id: "a", frames: [1, 2, 3] }, b: { id: "b" }, c: { id: "c", queued: true } };
  const view = { step: 2 };
  const state = /** @type {any} */ ({ runs: { byId, shown: "a", beside: "b" }, view });
  assert.deepEqual([shownRun(state), besideRun(state), queuedRun(state)], [byId.a, byId.b, byId.c]);
  assert.equal(shownFrame(state), 2);
  const nothing = /** @type {any} */ ({ runs: { byId: { a: byId.a }, shown: "gone", beside: null }, view });
  assert.deepEqual([shownRun(nothing), besideRun(nothing), queuedRun(nothing)], [NO_RUN, null, null]);
  assert.equal(shownFrame(nothing), null);
});

test("a run lasts while an engine has work with it", () => {
  const of = (/** @type {any} */ run) => lasting(run);
  for (const status of ["waiting", "running", "paused"]) {
    assert.ok(of({ source: "live", status }));
    assert.ok(!of({ source: "recorded", status }));
  }
  for (const status of ["idle", "finished", "cancelled", "failed"])
    assert.ok(!of({ source: "live", status }));
});
