/** Going on by hand: which run drew a step, what Python is asked for, and the way back. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { Runs } from "../../web/runs/runs.js";
import { hand } from "../../web/state/commands/hand.js";
import { withRun, withRunShown } from "../../web/state/runs.js";
import { drawerOf, handKey, shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";
import { frame, install } from "./canvases.js";
import { english } from "./english.js";

install();
before(english);

/** @type {Store} */
let store;
/** @type {ReturnType<typeof hand>} */
let send;
/** @type {any[]} what Python was asked to draw */
let drawn;
/** @type {any[]} the steps that it was asked to take again */
let taken;

const python = /** @type {any} */ ({
  read_prompt: async () => ({ words: [] }),
  run: (/** @type {string} */ _, /** @type {any} */ wishes) => {
    drawn.push(wishes);
    return new Promise((done) => {
      python.cancel = () => done({ cancelled: true });
    });
  },
  take_step: async (/** @type {any[]} */ ...step) => {
    taken.push(step);
    const trouble = { code: "settings", reason: "from-answer", values: { run: "'a'", step: "2" } };
    return step[2] < 0 ? { trouble } : { guidance: step[2], picture: new Float32Array(16).fill(7.4) };
  },
  retain: () => {},
  rest: () => {},
  cancel: () => {},
});
/** Until Python was asked to draw so often. @param {number} count */
async function asked(count) {
  while (drawn.length < count) await new Promise((soon) => setTimeout(soon, 1));
}
const settings = /** @type {any} */ ({
  prompt: "a cat",
  guidance: 3,
  sampler: "ddim",
  seed: 7,
  steps: 4,
  gains: {},
});
const frames = [1, 2, 3, 4].map((step) => frame({ step, steps: 4 }));

beforeEach(() => {
  store = new Store();
  const runs = new Runs(store);
  runs.activities.begin(python);
  [drawn, taken] = [[], []];
  send = hand(store, /** @type {any} */ ({ runs }), /** @type {any} */ ({ hold() {} }));
  const a = { settings, frames, steps: 4, status: /** @type {const} */ ("finished"), resumable: true };
  store.set(withRunShown(store.state, "a", a));
  store.set(
    withRun(store.state, "b", { ...a, settings: { ...settings, guidance: 9 }, from: { run: "a", step: 2 } }),
  );
  store.set({ model: /** @type {any} */ ({ picture: { height: 2, width: 2 } }) });
});

/** @param {string} id */
const show = (id) => store.set(withRunShown(store.state, id, {}));

test("a step before a run went on was drawn by the run that it came from", () => {
  show("b");
  assert.deepEqual(
    [1, 2, 3, 4].map((step) => drawerOf(store.state, step)?.id),
    ["a", "a", "b", "b"],
  );
  assert.equal(handKey(store.state, 2), "a 2");
  store.set(withRun(store.state, "a", { resumable: false }));
  assert.equal(drawerOf(store.state, 2), null);
  assert.equal(drawerOf(store.state, 3)?.id, "b");
});

test("a step is taken again by the run that drew it", async () => {
  show("b");
  assert.equal((await send.retake(2, 5))?.preview.data[0], 7);
  await send.retake(3, 5);
  assert.deepEqual(taken, [
    ["a", 2, 5],
    ["b", 3, 5],
  ]);
  await assert.rejects(
    send.retake(2, -1),
    /said in step 2 of the run 'a' is not remembered any more: draw it again/,
  );
});

test("guidance from a step on draws it anew; of that step alone it is not drawn", async () => {
  send.goOn(3, {}, { guidance: 8 });
  await asked(1);
  assert.deepEqual([drawn[0].from, drawn[0].guidance], [{ run: "a", step: 2 }, 8]);
  show("a");
  send.goOn(3, { guidance: 8 });
  await asked(2);
  assert.deepEqual([drawn[1].from, drawn[1].guidance], [{ run: "a", step: 3, guidance: 8 }, 3]);
});

test("a touched latent is what its step begins with", async () => {
  show("b");
  const latent = new Float32Array(4);
  send.goOn(1, { latent });
  await asked(1);
  assert.deepEqual(drawn[0].from, { run: "a", step: 0, latent });
  const run = shownRun(store.state);
  assert.deepEqual(run.from, { run: "a", step: 0 });
  assert.equal(run.frames.length, 0);
});

test("the run that was gone on from is shown again, with its settings in the fields", async () => {
  send.goOn(3, {}, { prompt: "a dog" });
  await asked(1);
  assert.equal(store.state.settings.prompt, "a dog");
  assert.equal(shownRun(store.state).frames.length, 2);
  send.original();
  assert.equal(shownRun(store.state).id, "a");
  assert.equal(store.state.settings.prompt, "a cat");
  assert.equal(store.state.view.step, 3);
});

test("what the hand did to a step is kept while others are on show", () => {
  const latents = [new Float32Array(1), new Float32Array(2)];
  send.touch(2, latents);
  send.drag(3, 5.5);
  send.goOn(2, { latent: latents[1] });
  show("a");
  assert.equal(store.state.hand.latents[handKey(store.state, 2)], latents);
  assert.equal(store.state.hand.guidance[handKey(store.state, 3)], 5.5);
});
