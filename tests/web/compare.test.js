/** Two runs to compare: whose settings are whose, where their frames go, and what ends them. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { faceOf } from "../../web/engine/face.js";
import { Runs } from "../../web/runs/runs.js";
import { withoutRun } from "../../web/state/runs.js";
import { besideFrame, besideRun, shownCompared, shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";
import { english } from "./english.js";

before(english);

globalThis.ImageData ??= /** @type {any} */ (
  class {
    constructor(/** @type {any} */ data, /** @type {number} */ width, /** @type {number} */ height) {
      Object.assign(this, { data, width, height });
    }
  }
);

const COMPARISON = { pairs: [1], distance: [0.5], foreseen: [0.25] };

/** @type {Store} */
let store;
/** @type {Runs} */
let runs;
/** @type {{ name: string, wishes: any, id: string }[]} what Python was asked */
let asked;
/** @type {string[]} its buttons, as they were pressed, and the runs that it was told to keep */
let pressed;
/** @type {(answer: object) => void} ends what Python does */
let end;

const python = /** @type {any} */ ({
  read_prompt: async (/** @type {string} */ text) => ({
    words: text.split(" ").map((word) => ({ text: word })),
  }),
  run: (/** @type {string} */ name, /** @type {any} */ wishes, /** @type {string} */ id) => {
    asked.push({ name, wishes, id });
    return new Promise((done) => {
      end = done;
    });
  },
  rest: () => {},
  retain: (/** @type {string[]} */ kept) => pressed.push(`keep ${kept}`),
  ...Object.fromEntries(["pause", "resume", "step"].map((name) => [name, () => pressed.push(name)])),
  cancel: () => end({ cancelled: true }),
});

/** A step of the comparison that Python was asked for last. @param {string} run @param {number} step @param {any} [more] */
function draw(run, step, more) {
  const none = () => new Float32Array();
  const frame = {
    step,
    steps: asked.at(-1)?.wishes[run].steps,
    picture: [0, 0, 0, 255],
    ms: { unet: 4, step: 3, attention: 2, decode: 1 },
    ...{ words: [], attention: {}, maps: none(), meanMaps: none(), latentIn: none(), latent: none() },
  };
  runs.activities.hear({
    kind: "item",
    id: asked.at(-1)?.id,
    item: { run, frame, pairs: [], ...more },
  });
}

const soon = () => new Promise((done) => setTimeout(done, 5));
const failure = (/** @type {Promise<unknown>} */ run) =>
  run.then(
    () => null,
    (error) => error,
  );
const statuses = () => Object.values(store.state.runs.byId).map(({ status }) => status);

beforeEach(() => {
  store = new Store();
  store.set({
    model: /** @type {any} */ ({ picture: { width: 1, height: 1 }, graphs: { vae_encoder: {} } }),
  });
  runs = new Runs(store);
  [asked, pressed] = [[], []];
  runs.activities.begin(python);
});

test("what the second leaves out is the first's, what the first leaves out is the page's", async () => {
  store.set({ settings: { prompt: "a red car", guidance: 4, gains: { red: 2, car: 0.5 } } });
  const run = runs.compare({ steps: 3, seed: 8 }, { prompt: "a blue car", seed: undefined });
  await soon();
  const { name, wishes } = asked[0];
  assert.equal(name, "compare");
  const { prompt, steps, seed, guidance, gains } = wishes.a;
  assert.deepEqual([prompt, steps, seed, guidance], ["a red car", 3, 8, 4]);
  // Strengths that were not given for a prompt are those of its words.
  assert.deepEqual([gains, wishes.b.gains], [{ red: 2, car: 0.5 }, { car: 0.5 }]);
  const { id: _, ...first } = wishes.a;
  assert.deepEqual(wishes.b, {
    ...first,
    id: besideRun(store.state)?.id,
    prompt: "a blue car",
    gains: { car: 0.5 },
  });
  // The fields are the first's.
  assert.deepEqual([store.state.settings.prompt, store.state.settings.steps], ["a red car", 3]);
  runs.cancel();
  await failure(run);
});

test("the second begins where the first does, unless it says where", async () => {
  const picture = new ImageData(new Uint8ClampedArray([1, 2, 3, 4]), 1, 1);
  const start = { picture, strength: 0.5 };
  const places = [];
  const from = { run: "nobody", step: 2 };
  for (const b of [{ seed: 1 }, { start: undefined }, { from }]) {
    failure(runs.compare({ steps: 4, start }, b));
    await soon();
    const { wishes } = /** @type {any} */ (asked.at(-1));
    places.push([wishes.b.start?.strength, wishes.b.from?.step]);
    assert.equal(wishes.a.start.strength, 0.5);
  }
  assert.deepEqual(places, [
    [0.5, undefined],
    [undefined, undefined],
    [undefined, 2],
  ]);
  assert.equal(besideRun(store.state)?.steps, 4);
  runs.cancel();
});

test("both begin at the page's picture, where neither says otherwise", async () => {
  const picture = new ImageData(new Uint8ClampedArray(4), 1, 1);
  store.set({ start: { on: true, picture, strength: 0.5 } });
  const places = [];
  for (const [a, b] of [[], [{}, { start: null }], [{ start: null }]]) {
    store.set({ start: { on: true } });
    failure(runs.compare(a, b));
    await soon();
    const { wishes } = /** @type {any} */ (asked.at(-1));
    places.push([wishes.a.start?.strength, wishes.b.start?.strength]);
  }
  assert.deepEqual(places, [
    [0.5, 0.5],
    [0.5, undefined],
    [undefined, undefined],
  ]);
  runs.cancel();
});

test("frames go to their own runs, one on show and one beside it, and pairs are of them", async () => {
  const pairs = /** @type {any[]} */ ([]);
  const run = runs.compare({ steps: 1 }, { steps: 2 }, (pair) => pairs.push(pair));
  await soon();
  const { wishes, id } = asked[0];
  assert.deepEqual([shownRun(store.state).id, besideRun(store.state)?.id], [wishes.a.id, wishes.b.id]);
  assert.deepEqual(pressed, [`keep ${wishes.a.id},${wishes.b.id}`]);
  assert.deepEqual(statuses(), ["running", "running"]);
  runs.activities.hear({ kind: "stage", id, stage: "unet" });
  draw("a", 1);
  draw("b", 1);
  assert.deepEqual([shownRun(store.state).stage, pairs.length], ["unet", 0]);
  const pair = { a: 0, b: 1, distance: 0.5, foreseen: 0.25 };
  draw("b", 2, { pairs: [pair], comparison: { ...COMPARISON, paths: { a: [[0, 1]], b: [] } } });
  end({});
  const { a, b, ...said } = await run;
  assert.deepEqual(said, { ...COMPARISON, parting: null, paths: { a: [[0, 1]], b: [] } });
  assert.deepEqual(pairs, [{ a: a.frames[0], b: b.frames[1], distance: 0.5, foreseen: 0.25 }]);
  assert.deepEqual(
    [a, b].map(({ id, frames, ms, settings }) => [id, frames.length, ms, settings.steps]),
    [
      [wishes.a.id, 1, 10, 1],
      [wishes.b.id, 2, 20, 2],
    ],
  );
  const [ofA, ofB] = Object.values(store.state.runs.byId);
  assert.deepEqual([ofA.frames, ofB.frames], [a.frames, b.frames]);
  assert.deepEqual([ofA.picture, ofB.picture], [a.frames[0].preview, b.frames[1].preview]);
  assert.deepEqual(statuses(), ["finished", "finished"]);
  // Later runs go on from either.
  runs.generate({ from: { run: b.id, step: 1 } }).catch(() => {});
  await soon();
  assert.deepEqual(asked[1].wishes.from, { run: b.id, step: 1 });
  assert.deepEqual([shownRun(store.state).frames, besideRun(store.state)], [[b.frames[0]], null]);
  runs.cancel();
});

test("a model without axes has no paths", async () => {
  const run = runs.compare({ steps: 1 });
  await soon();
  draw("a", 1);
  draw("b", 1, { comparison: COMPARISON });
  end({});
  assert.equal((await run).paths, null);
});

test("a picture cancels a comparison, a comparison a picture, and a cancel ends both runs", async () => {
  const first = failure(runs.generate({ prompt: "a cat" }));
  await soon();
  const second = failure(runs.compare());
  assert.equal((await first).name, "AbortError");
  await soon();
  const third = failure(runs.generate());
  assert.equal((await second).name, "AbortError");
  await soon();
  assert.deepEqual(statuses(), ["cancelled", "cancelled", "cancelled", "running"]);
  const fourth = failure(runs.compare());
  await third;
  await soon();
  runs.activities.cancel(); // as the page's interface does
  assert.equal((await fourth).name, "AbortError");
  assert.deepEqual(statuses().slice(4), ["cancelled", "cancelled"]);
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["generate", "compare", "generate", "compare"],
  );
});

test("pause, step and resume act on both, and a failure is both's", async () => {
  const run = failure(runs.compare());
  await soon();
  pressed.length = 0;
  runs.pause();
  assert.deepEqual(statuses(), ["paused", "paused"]);
  runs.step();
  runs.resume();
  assert.deepEqual(statuses(), ["running", "running"]);
  assert.deepEqual(pressed, ["pause", "step", "resume"]);
  end({ trouble: { code: "network", reason: "manifest-lost" } });
  assert.match((await run).message, /^The model could not be fetched/);
  assert.deepEqual(statuses(), ["failed", "failed"]);
  assert.equal(besideRun(store.state)?.error?.reason, "manifest-lost");
});

test("settings of either out of their bounds are refused, and what goes on stays as it is", async () => {
  runs.generate({ prompt: "a cat" }).catch(() => {});
  await soon();
  const { state } = store;
  for (const [a, b] of [
    [{ steps: 0 }, {}],
    [{}, { steps: 0 }],
  ]) {
    const error = await failure(runs.compare(a, b));
    assert.equal(error.message, "The number of steps must be a whole number from 1 to 1000, not 0.");
  }
  assert.equal(store.state, state);
  runs.cancel();
});

test("it can be asked for by its name as well, and quickly", async () => {
  const face = faceOf(/** @type {any} */ ({ activities: runs.activities, runs, store }));
  const run = failure(face.run("compare", { quick: true, a: { seed: 1 }, b: { seed: 2 } }));
  await soon();
  const { wishes } = asked[0];
  assert.deepEqual([wishes.a.seed, wishes.b.seed], [1, 2]);
  assert.deepEqual([wishes.a.steps, wishes.b.steps, "quick" in wishes.a], [4, 4, false]);
  face.cancel();
  await run;
});

test("what is known of the pairs stands in the store while both are drawn, and the second's step is the first's pair", async () => {
  const run = runs.compare({ steps: 2 }, { steps: 3 });
  await soon();
  assert.equal(shownCompared(store.state), null);
  draw("b", 1);
  assert.deepEqual(shownCompared(store.state)?.pairs, []);
  draw("a", 1, { pairs: [{ a: 0, b: 0, distance: 0.25, foreseen: 0.5 }] });
  draw("b", 2);
  const [first] = shownCompared(store.state)?.pairs ?? [];
  assert.deepEqual(first, { a: 1, b: 1, distance: 0.25, foreseen: 0.5 });
  // Both are followed; who goes to a step sees its pair.
  assert.equal(besideFrame(store.state)?.step, 2);
  store.set({ view: { step: 1 } });
  assert.equal(besideFrame(store.state)?.step, 1);
  draw("b", 3);
  const last = { a: 1, b: 2, distance: 0.75, foreseen: 0.5 };
  draw("a", 2, { pairs: [last], comparison: { ...COMPARISON, parting: 2 } });
  end({});
  const { a, b } = await run;
  store.set({ view: { step: null } });
  const { pairs, ...said } = shownCompared(store.state) ?? {};
  assert.deepEqual([said, pairs?.length], [{ a: a.id, b: b.id, parting: 2 }, 2]);
  assert.equal(besideFrame(store.state)?.step, 3);
  // With a run goes what is known of it.
  store.set(withoutRun(store.state, b.id));
  assert.deepEqual(store.state.runs.compared, []);
});
