/** Runs that begin at a picture or go on from another: what Python is told, and how their steps are counted. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { pack } from "../../web/runs/packing.js";
import { Runs } from "../../web/runs/runs.js";
import { withoutRun, withRun } from "../../web/state/runs.js";
import { shownRun } from "../../web/state/selectors.js";
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
/** @type {string[]} the runs that Python was told to keep */
let retained;

/** Python that draws as many frames as the whole run has, less those before it. */
const python = /** @type {any} */ ({
  read_prompt: async (/** @type {string} */ text) => ({
    words: text.split(" ").map((word) => ({ text: word })),
  }),
  run: async (/** @type {string} */ name, /** @type {any} */ wishes, /** @type {string} */ id) => {
    assert.equal(name, "generate");
    const { start, from, ...settings } = wishes;
    const place = {
      id,
      kept: retained,
      ...("start" in wishes && { start }),
      ...("from" in wishes && { from }),
    };
    asked.push({ settings, place });
    const ms = { unet: 1, step: 1, attention: 1, decode: 1 };
    for (let step = 1 + (from?.step ?? 0); step <= settings.steps; step++) {
      const item = { step, steps: settings.steps, picture: [0, 0, 0, 0], ms, ...nothing() };
      runs.activities.hear({ kind: "item", id, item });
    }
    return {};
  },
  rest: () => {},
  retain: (/** @type {string[]} */ kept) => {
    retained = kept;
  },
  cancel: () => {},
});

/** Arrays of a frame without any numbers. */
const nothing = () => {
  const none = () => new Float32Array();
  return { words: [], attention: {}, maps: none(), meanMaps: none(), latentIn: none(), latent: none() };
};
const counted = (/** @type {any[]} */ frames) => frames.map(({ step, steps }) => `${step}/${steps}`);

beforeEach(() => {
  store = new Store();
  store.set({
    model: /** @type {any} */ ({ picture: { width: 1, height: 1 }, graphs: { vae_encoder: {} } }),
  });
  runs = new Runs(store);
  asked = [];
  runs.activities.begin(python);
});

test("every run has a name of its own, and Python is told nothing that is undefined", async () => {
  const first = await runs.generate({ prompt: "a cat", steps: 2 });
  const second = await runs.generate({ from: { run: first.id, step: 1, latent: undefined } });
  assert.notEqual(first.id, second.id);
  assert.equal(shownRun(store.state).id, second.id);
  assert.deepEqual(asked[0].place, { id: first.id, kept: [first.id] });
  const kept = [first.id, second.id];
  assert.deepEqual(asked[1].place, { id: second.id, kept, from: { run: first.id, step: 1 } });
  assert.ok(!("from" in asked[1].settings));
});

test("a picture goes to Python as numbers; what is none is left to Python to refuse", async () => {
  const picture = new ImageData(new Uint8ClampedArray([1, 2, 3, 4]), 1, 1);
  await runs.generate({ steps: 2, start: { picture, strength: 0.5 } });
  assert.deepEqual(asked[0].place.start, { width: 1, height: 1, data: picture.data, strength: 0.5 });
  await runs.generate(/** @type {any} */ ({ steps: 2, start: { strength: 1 } }));
  assert.deepEqual(asked[1].place.start, { width: 0, height: 0, data: [], strength: 1 });
});

const begins = (/** @type {string} */ id) => {
  const { start, skipped, steps } = store.state.runs.byId[id];
  return [start?.picture ?? null, skipped, steps];
};
const strengths = () => asked.map(({ place }) => place.start?.strength);

test("the fields have the picture that a run began at, and the next begins there too", async () => {
  const picture = new ImageData(new Uint8ClampedArray(4), 1, 1);
  const first = await runs.generate({ steps: 4, start: { picture, strength: 0.5 } });
  assert.deepEqual(begins(first.id).slice(0, 2), [picture, 2]);
  const { on, kind, picture: kept, strength } = store.state.start;
  assert.deepEqual([on, kind, kept, strength], [true, "given", picture, 0.5]);
  const second = await runs.generate({ seed: 3 });
  assert.deepEqual(begins(second.id).slice(0, 2), [picture, 2]);
  // Null is noise, for the fields too; the picture stays for another time.
  const third = await runs.generate({ start: null });
  assert.deepEqual(begins(third.id).slice(0, 2), [null, 0]);
  assert.deepEqual([store.state.start.on, store.state.start.picture], [false, picture]);
  await runs.generate();
  assert.deepEqual(strengths(), [0.5, 0.5, undefined, undefined]);
});

test("a run that goes on from one at a picture began there, and tells Python one place only", async () => {
  const picture = new ImageData(new Uint8ClampedArray(4), 1, 1);
  const first = await runs.generate({ steps: 4, start: { picture, strength: 0.5 } });
  const next = await runs.generate({ from: { run: first.id, step: 1 } });
  assert.deepEqual(begins(next.id).slice(0, 2), [picture, 2]);
  assert.deepEqual(asked[1].place.start, undefined);
  // One that goes on from noise: the fields begin in noise again.
  const plain = await runs.generate({ start: null });
  store.set({ start: { on: true } });
  await runs.generate({ from: { run: plain.id, step: 1 } });
  assert.equal(store.state.start.on, false);
});

test("of few steps a run at the page's picture takes one; a wish that takes none is left to Python", async () => {
  const picture = new ImageData(new Uint8ClampedArray(4), 1, 1);
  store.set({ start: { on: true, picture, strength: 0.1 } });
  await runs.generate({ steps: 3 });
  await runs.generate({ steps: 3, start: { picture, strength: 0.1 } });
  assert.deepEqual(strengths(), [0.334, 0.1]);
  store.set({ model: /** @type {any} */ ({ graphs: {} }) });
  await runs.generate({});
  assert.equal(strengths()[2], undefined, "a model without an encoder begins in noise");
});

test("what nobody can begin at leaves the fields as they are", async () => {
  for (const start of [
    { strength: 0.5 },
    { picture: new ImageData(new Uint8ClampedArray(4), 1, 1), strength: 7 },
  ])
    await runs.generate(/** @type {any} */ ({ start }));
  assert.deepEqual([store.state.start.on, store.state.start.picture], [false, null]);
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
  assert.deepEqual(shownRun(store.state).frames, [...first.frames.slice(0, 2), ...heard]);
  // Another number of steps holds for all of them.
  await runs.generate({ from: { run: next.id, step: 1 }, steps: 3 });
  assert.deepEqual(counted(shownRun(store.state).frames), ["1/3", "2/3", "3/3"]);
});

test("a run that is packed is gone on from as if it were on show", async () => {
  const first = await runs.generate({ steps: 4 });
  await runs.generate({ steps: 1 });
  const packed = await pack(first.frames);
  store.set(withRun(store.state, first.id, { packed, frames: [] }));
  const later = await runs.generate({ from: { run: first.id, step: 2 } });
  assert.deepEqual(counted(shownRun(store.state).frames), ["1/4", "2/4", "3/4", "4/4"]);
  assert.deepEqual(counted(later.frames), ["3/4", "4/4"]);
  assert.deepEqual(later.settings, first.settings);
});

test("the worker is told which runs are still here, and says which it has forgotten", async () => {
  const [first, second] = [
    await runs.generate({ prompt: "a cat" }),
    await runs.generate({ prompt: "a dog" }),
  ];
  store.set(withoutRun(store.state, first.id));
  const third = await runs.generate({ prompt: "a bird" });
  assert.deepEqual(asked[2].place.kept, [second.id, third.id]);
  runs.forget(second.id);
  runs.forget(first.id);
  assert.deepEqual(Object.keys(store.state.runs.byId), [second.id, third.id]);
  const { byId } = store.state.runs;
  assert.deepEqual([byId[second.id].resumable, byId[third.id].resumable], [false, true]);
  // Whoever asks for it all the same is told by Python, and the fields stay as they are.
  await runs.generate({ from: { run: second.id, step: 1 } });
  assert.equal(asked[3].settings.prompt, "a bird");
});

test("a run that is forgotten while another waits to go on from it is not forgotten by the worker", async () => {
  const first = await runs.generate({ steps: 3 });
  const next = runs.generate({ from: { run: first.id, step: 1 } });
  store.set(withoutRun(store.state, first.id));
  const { id } = await next;
  assert.deepEqual(asked[1].place.kept.toSorted(), [first.id, id]);
  assert.deepEqual(counted(shownRun(store.state).frames), ["1/3", "2/3", "3/3"]);
});

test("a run is forgotten with the worker that drew it", async () => {
  const first = await runs.generate({ prompt: "a cat", steps: 2 });
  await runs.generate({ prompt: "a dog" });
  runs.forgetAll();
  runs.activities.begin(python);
  await runs.generate({ from: { run: first.id, step: 1 } });
  assert.equal(asked.at(-1)?.settings.prompt, "a dog"); // the fields'; Python refuses the name
});
