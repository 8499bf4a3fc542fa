/** Runs that begin at a picture or go on from another: what Python is told, and how their steps are counted. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Runs } from "../../web/runs/runs.js";
import { Store } from "../../web/state/store.js";

globalThis.ImageData ??= /** @type {any} */ (
  class {
    constructor(/** @type {any} */ data, /** @type {number} */ width, /** @type {number} */ height) {
      Object.assign(this, { data, width, height });
    }
  }
);

/** @type {Store} */
let store;
/** @type {Runs} */
let runs;
/** @type {{ settings: any, place: any }[]} what Python was asked */
let asked;

/** Python that draws as many frames as the whole run has, less those before it. */
const python = /** @type {any} */ ({
  read_prompt: async (/** @type {string} */ text) => ({
    words: text.split(" ").map((word) => ({ text: word })),
  }),
  run: async (/** @type {string} */ name, /** @type {any} */ wishes, /** @type {string} */ id) => {
    assert.equal(name, "generate");
    const { start, from, ...settings } = wishes;
    const place = { id, ...("start" in wishes && { start }), ...("from" in wishes && { from }) };
    asked.push({ settings, place });
    const ms = { unet: 1, step: 1, attention: 1, decode: 1 };
    for (let step = 1 + (from?.step ?? 0); step <= settings.steps; step++) {
      const item = { step, steps: settings.steps, picture: [0, 0, 0, 0], attention: {}, ms };
      runs.activities.hear({ kind: "item", id, item });
    }
    return {};
  },
  cancel: () => {},
});

const counted = (/** @type {any[]} */ frames) => frames.map(({ step, steps }) => `${step}/${steps}`);

beforeEach(() => {
  store = new Store();
  store.set({ model: /** @type {any} */ ({ picture: { width: 1, height: 1 } }) });
  runs = new Runs(store);
  asked = [];
  runs.begin(python);
});

test("every run has a name of its own, and Python is told nothing that is undefined", async () => {
  const first = await runs.generate({ prompt: "a cat", steps: 2 });
  const second = await runs.generate({ from: { run: first.id, step: 1, latent: undefined } });
  assert.notEqual(first.id, second.id);
  assert.equal(store.state.run.id, second.id);
  assert.deepEqual(asked[0].place, { id: first.id });
  assert.deepEqual(asked[1].place, { id: second.id, from: { run: first.id, step: 1 } });
  assert.ok(!("from" in asked[1].settings));
});

test("a picture goes to Python as numbers; what is none is left to Python to refuse", async () => {
  const picture = new ImageData(new Uint8ClampedArray([1, 2, 3, 4]), 1, 1);
  await runs.generate({ steps: 2, start: { picture, strength: 0.5 } });
  assert.deepEqual(asked[0].place.start, { width: 1, height: 1, data: picture.data, strength: 0.5 });
  await runs.generate(/** @type {any} */ ({ steps: 2, start: { strength: 1 } }));
  assert.deepEqual(asked[1].place.start, { width: 0, height: 0, data: [], strength: 1 });
});

test("a run goes on with the settings of the one before it, and with the given ones over them", async () => {
  const wishes = { prompt: "a red Cat", steps: 3, gains: { red: 2, cat: 0 }, slots: {} };
  const first = await runs.generate(wishes);
  await runs.generate({ prompt: "a dog", steps: 5, gains: {}, slots: { dog: "cut" }, guidance: 9 });
  const again = await runs.generate({ from: { run: first.id, step: 1 } });
  assert.deepEqual(again.settings, first.settings);
  assert.deepEqual(store.state.settings, { ...first.settings, gains: { red: 2, cat: 0 } });
  // Strengths of words that another prompt has not are left out.
  const other = await runs.generate({ from: { run: first.id, step: 1 }, prompt: "a red dog" });
  assert.deepEqual([other.settings.gains, other.settings.steps], [{ red: 2 }, 3]);
});

test("the page shows the steps before as well; who asked is given those that were computed", async () => {
  const heard = /** @type {any[]} */ ([]);
  const first = await runs.generate({ steps: 4 });
  const next = await runs.generate({ from: { run: first.id, step: 2 } }, (frame) => heard.push(frame));
  assert.deepEqual(counted(heard), ["3/4", "4/4"]);
  assert.deepEqual(next.frames, heard);
  assert.deepEqual(store.state.run.frames, [...first.frames.slice(0, 2), ...heard]);
  // Another number of steps holds for all of them.
  await runs.generate({ from: { run: next.id, step: 1 }, steps: 3 });
  assert.deepEqual(counted(store.state.run.frames), ["1/3", "2/3", "3/3"]);
});

test("where the steps before are not on show any more, the page counts from 1", async () => {
  const first = await runs.generate({ steps: 4 });
  await runs.generate({ steps: 1 });
  const later = await runs.generate({ from: { run: first.id, step: 2 } });
  assert.deepEqual(counted(store.state.run.frames), ["1/2", "2/2"]);
  assert.deepEqual([store.state.run.steps, store.state.run.skipped], [2, 2]);
  assert.deepEqual(counted(later.frames), ["3/4", "4/4"]);
  const last = await runs.generate({ from: { run: later.id, step: 3 } });
  assert.deepEqual(counted(store.state.run.frames), ["1/1"]);
  assert.deepEqual(counted(last.frames), ["4/4"]);
});

test("a run is forgotten with the worker that drew it", async () => {
  const first = await runs.generate({ prompt: "a cat", steps: 2 });
  await runs.generate({ prompt: "a dog" });
  runs.begin(python);
  await runs.generate({ from: { run: first.id, step: 1 } });
  assert.equal(asked.at(-1)?.settings.prompt, "a dog"); // the fields'; Python refuses the name
});
