/** Recorded runs in the store: shown step by step, kept whole when they are left, and who waits behind them. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { beforeEach, mock, test } from "node:test";
import { playRecording } from "../../web/runs/recordings.js";
import { withRunShown } from "../../web/state/runs.js";
import { queuedRun, shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";
import { install } from "./canvases.js";

install();
const WEB = new URL("../../web/", import.meta.url);
Object.assign(globalThis, {
  fetch: async (/** @type {string} */ path) => new Response(await readFile(new URL(path, WEB))),
  createImageBitmap: async () => ({ width: 128, height: 1280 }),
});

const NAME = "a-red-car-on-the-beach-at-sunset";
const ENTRY = /** @type {any} */ ({ name: NAME, model: "miniature" });
const ID = `recording-${NAME}`;

/** @type {Store} */
let store;

beforeEach(() => {
  store = new Store();
});

const recording = () => store.state.runs.byId[ID];

/** A recording that plays, on a clock of its own: `steps` lets so many steps pass. */
async function play() {
  mock.timers.enable({ apis: ["setTimeout"] });
  const ended = playRecording(store, ENTRY);
  while (recording()?.frames.length !== 0) await new Promise(setImmediate);
  const steps = async (/** @type {number} */ count) => {
    for (let step = 0; step < count; step++) {
      mock.timers.tick(320);
      await new Promise(setImmediate);
    }
  };
  return { ended, steps };
}

test("a recording has a name, is shown step by step, and is finished then", async () => {
  const { ended, steps } = await play();
  await steps(3);
  const { id, source, status, model, settings, frames } = shownRun(store.state);
  assert.deepEqual([id, source, status, frames.length], [ID, "recorded", "running", 3]);
  assert.deepEqual([model?.name, settings?.seed], ["miniature", 7]);
  await steps(7);
  await ended;
  assert.deepEqual([recording().status, recording().frames.length], ["finished", 10]);
  assert.equal(recording().picture, recording().frames[9].preview);
  mock.timers.reset();
});

test("one that is left is kept whole; nobody watches the rest", async () => {
  const { ended, steps } = await play();
  await steps(2);
  store.set(withRunShown(store.state, "a", { status: "running" }));
  await steps(1);
  await ended;
  assert.deepEqual([recording().status, recording().frames.length], ["finished", 10]);
  assert.equal(shownRun(store.state).id, "a");
  mock.timers.reset();
});

test("played anew, it begins anew, and is played once", async () => {
  const { ended, steps } = await play();
  await steps(4);
  playRecording(store, ENTRY);
  while (recording().frames.length) await new Promise(setImmediate);
  await steps(2);
  await ended;
  assert.equal(recording().frames.length, 2);
  mock.timers.reset();
});

test("a run that waits for the engine goes on waiting behind it; one that goes on is not disturbed", async () => {
  store.set(withRunShown(store.state, "a", { status: "waiting" }));
  await play();
  assert.equal(shownRun(store.state).id, ID);
  assert.equal(queuedRun(store.state)?.id, "a");
  mock.timers.reset();
  store = new Store();
  store.set(withRunShown(store.state, "b", { status: "running" }));
  await playRecording(store, ENTRY);
  assert.deepEqual(Object.keys(store.state.runs.byId), ["b"]);
});
