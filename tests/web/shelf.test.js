/** Which runs are packed, unpacked and forgotten, and that as many as promised fit into memory. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { bytesOf, pack } from "../../web/runs/packing.js";
import { Shelf } from "../../web/runs/shelf.js";
import { withRun, withRunShown } from "../../web/state/runs.js";
import { besideRun, shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";
import { frame, install } from "./canvases.js";

install();

/** @type {Store} */
let store;

beforeEach(() => {
  store = new Store();
});

/** Until the shelf has nothing more to do: each frame that is packed takes it a turn of the event loop. */
async function settled() {
  for (let state = null; state !== store.state; ) {
    state = store.state;
    for (let turn = 0; turn < 60; turn++) await new Promise((done) => setTimeout(done));
  }
}

/** Show a run that has ended. @param {string} id @param {any[]} [frames] */
const show = (id, frames = [frame()]) =>
  store.set(withRunShown(store.state, id, { status: "finished", frames, picture: frames.at(-1).preview }));

const ids = () => Object.keys(store.state.runs.byId);
const packed = () => ids().filter((id) => store.state.runs.byId[id].packed);

test("a run is packed when another is shown, and unpacked when it is shown again or beside", async () => {
  new Shelf(store);
  const frames = [frame({ steps: 2 }), frame({ step: 2, steps: 2 })];
  show("a", frames);
  await settled();
  assert.equal(shownRun(store.state).frames, frames);
  show("b");
  await settled();
  const { a } = store.state.runs.byId;
  assert.deepEqual([packed(), a.frames, a.picture], [["a"], [], null]);
  store.set({ runs: { beside: "a" } });
  await settled();
  assert.deepEqual(packed(), []);
  const beside = besideRun(store.state);
  assert.deepEqual(beside?.frames[1].latent, frames[1].latent);
  assert.equal(beside?.picture, beside?.frames[1].preview);
  store.set({ runs: { shown: "a", beside: null } });
  await settled();
  assert.deepEqual(packed(), ["b"]);
  assert.equal(shownRun(store.state).frames.length, 2);
});

test("a run that goes on is left alone, wherever it is; one that came to nothing is forgotten", async () => {
  new Shelf(store);
  for (const status of /** @type {const} */ (["running", "paused", "waiting"]))
    store.set(withRun(store.state, status, { status, frames: [frame()] }));
  // A recording that is shown step by step changes too.
  store.set(withRun(store.state, "recording", { source: "recorded", status: "running", frames: [frame()] }));
  store.set(withRun(store.state, "nothing", { status: "cancelled" }));
  show("shown");
  await settled();
  assert.deepEqual(ids(), ["running", "paused", "waiting", "recording", "shown"]);
  assert.deepEqual(packed(), []);
});

test("a run that is shown again, with other frames, while it is packed keeps those", async () => {
  new Shelf(store);
  show(
    "a",
    Array.from({ length: 5 }, () => frame()),
  );
  show("b");
  await new Promise((done) => setTimeout(done)); // it has begun
  const frames = [frame()];
  show("a", frames);
  await settled();
  assert.equal(shownRun(store.state).frames, frames);
  assert.deepEqual(packed(), ["b"]);
});

test("beyond the room the oldest run is forgotten as a whole, but none that is on show", async () => {
  const shelf = new Shelf(store, 4 * bytesOf(await pack([frame()])));
  show("0", [frame(), frame()]);
  for (const id of ["1", "2", "3", "4", "5"]) {
    show(id);
    await settled();
  }
  assert.deepEqual(ids(), ["1", "2", "3", "4", "5"]);
  assert.deepEqual(packed(), ["1", "2", "3", "4"]);
  shelf.room = 0;
  show("6");
  store.set({ runs: { beside: "1" } });
  await settled();
  assert.deepEqual(ids(), ["1", "6"]);
});

test("three runs of 512 × 512 pictures and twenty of the miniature fit into 400 MB with the worker's", async () => {
  const WORKER = 150e6; // ROOM of pyscript_app/browser/past.py, whose test fills it with the same runs
  new Shelf(store);
  /** @param {string} id @param {number} steps @param {object} shape */
  const draw = async (id, steps, shape) => {
    const frames = Array.from({ length: steps }, (_, index) => frame({ ...shape, step: index + 1, steps }));
    for (let index = 1; index < steps; index++) frames[index].latentIn = frames[index - 1].latent.slice();
    show(id, frames);
    while (packed().length < ids().length - 1) await new Promise((done) => setTimeout(done));
  };
  for (let number = 0; number < 20; number++) await draw(`small ${number}`, 10, { side: 16, picture: 128 });
  for (let number = 0; number < 3; number++)
    await draw(`large ${number}`, 50, { side: 64, picture: 512, words: 10 });
  assert.deepEqual([ids().length, packed().length], [23, 22]);
  const away = bytesOf(Object.values(store.state.runs.byId).flatMap((run) => run.packed ?? []));
  // The last is on show as it was drawn, its attention as half floats (half.js).
  let shown = 0;
  for (const { attention, preview, ...rest } of shownRun(store.state).frames) {
    for (const maps of Object.values(attention)) shown += maps.byteLength / 2;
    for (const array of Object.values(rest)) shown += ArrayBuffer.isView(array) ? array.byteLength : 0;
    shown += preview.data.byteLength;
  }
  assert.ok(shown > 125e6 && away > 100e6, `${shown} and ${away}: too little to be true`);
  assert.ok(shown + away + WORKER <= 400e6, `${shown} bytes on show, ${away} packed`);
});
