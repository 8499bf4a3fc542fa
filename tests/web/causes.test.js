/** What a word causes: what Python is asked, what becomes of its pictures, and what ends them. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { Activities } from "../../web/engine/activities.js";
import { marked } from "../../web/paint/difference.js";
import { Causes } from "../../web/runs/causes.js";
import { causes as commands } from "../../web/state/commands/causes.js";
import { NO_RUN, Store } from "../../web/state/store.js";
import { costOf, trialOf, underway } from "../../web/state/trials.js";
import { english } from "./english.js";

before(english);

globalThis.ImageData ??= /** @type {any} */ (
  class {
    /** @param {any} first data, or the width @param {number} width @param {number} height */
    constructor(first, width, height) {
      const data = typeof first === "number" ? new Uint8ClampedArray(first * width * 4) : first;
      Object.assign(this, typeof first === "number" ? { width: first, height: width } : { width, height }, {
        data,
      });
    }
  }
);

const PICTURE = new ImageData(new Uint8ClampedArray([1, 2, 3, 255]), 1, 1);
const SETTINGS = { prompt: "a red car", seed: 7, gains: { red: 2 }, slots: {} };

/** @type {Store} */
let store;
/** @type {Causes} */
let causes;
/** @type {{ name: string, wishes: any, id: string }[]} what Python was asked */
let asked;
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
  cancel: () => end({ cancelled: true }),
});
/** @type {Activities} */
let activities;

const soon = () => new Promise((done) => setTimeout(done, 5));

/** @param {string} id @param {Partial<import("../../web/types").Run>} [fields] */
function shown(id, fields) {
  const run = {
    ...NO_RUN,
    id,
    settings: /** @type {any} */ (SETTINGS),
    status: /** @type {const} */ ("finished"),
  };
  store.set({ runs: { byId: { [id]: { ...run, picture: PICTURE, ...fields } }, shown: id } });
}

/** @param {string} way @param {any} [more] */
function draw(way, more) {
  const item = { way, step: 1, steps: 1, picture: [9, 9, 9, 255], gains: {}, slots: {}, ...more };
  activities.hear({ kind: "item", id: asked.at(-1)?.id, item });
}

beforeEach(() => {
  store = new Store();
  store.set({ model: /** @type {any} */ ({ picture: { width: 1, height: 1 } }) });
  activities = new Activities();
  causes = new Causes(store, activities);
  asked = [];
  activities.begin(python);
  shown("run-1");
});

test("a finished picture is given, and the run where it began, if that is remembered", async () => {
  causes.draw("word", "car");
  await soon();
  assert.equal(asked[0].name, "causes");
  assert.deepEqual(asked[0].wishes, { ...SETTINGS, word: "car", picture: PICTURE.data });
  const [original, ...others] = Object.keys(store.state.causes.word?.pictures ?? {});
  assert.deepEqual([original, others.length], ["original", 5]);
  assert.equal(store.state.causes.word?.pictures.original.picture, PICTURE);
  causes.cancel();

  shown("run-2", { resumable: true, from: { run: "run-1", step: 3 }, source: "recorded" });
  causes.draw("all", null);
  await soon();
  assert.deepEqual(asked[1].wishes, { ...SETTINGS, from: { run: "run-2", step: 3 } });
  assert.equal(store.state.causes.all?.pictures.original.picture, null);
});

test("pictures clear up, and what they say comes in the end", async () => {
  const drawn = causes.draw("word", "car");
  await soon();
  draw("alone", { gains: { red: 2 }, slots: { car: "alone" } });
  assert.deepEqual(store.state.causes.word?.pictures.alone.slots, { car: "alone" });
  assert.equal(store.state.causes.word?.pictures.alone.change, null);
  const before = store.state.causes.word?.pictures.alone.picture;
  draw("alone", { picture: [] }); // a step that nothing drew
  assert.equal(store.state.causes.word?.pictures.alone.picture, before);
  assert.ok(underway(store.state.causes.word));
  draw("alone", { change: { rms: 12 } });
  draw("deleted", { change: { rms: 30 }, verdict: "own" });
  end({});
  await drawn;
  const trial = store.state.causes.word;
  assert.deepEqual(
    [trial?.status, trial?.verdict, trial?.pictures.alone.change?.rms],
    ["finished", "own", 12],
  );
  assert.ok(!underway(trial));
});

test("who asks by name gets the last item, with the page's settings under the wishes", async () => {
  store.set({ settings: { prompt: "a red car", gains: { red: 2, boat: 0 } } });
  const heard = [];
  const asking = causes.run({ word: "car", steps: 3 }, ({ way }) => heard.push(way));
  await soon();
  const { word, steps, prompt, gains } = asked[0].wishes;
  assert.deepEqual([word, steps, prompt, gains], ["car", 3, "a red car", { red: 2 }]);
  draw("off");
  draw("deleted", { verdict: "own" });
  end({});
  assert.equal((await asking).verdict, "own");
  assert.deepEqual(heard, ["off", "deleted"]);
});

test("a newer one of its kind, a picture that is asked for and the button end it", async () => {
  const first = causes.draw("gain", "car", { gain: 0 });
  await soon();
  const second = causes.draw("gain", "car", { gain: 0.5 });
  await first;
  await soon();
  assert.deepEqual(
    asked.map(({ wishes }) => wishes.gain),
    [0, 0.5],
  );
  assert.equal(store.state.causes.gain?.status, "drawing");
  shown("run-2", { status: "waiting" });
  await second;
  assert.equal(store.state.causes.gain?.status, "cancelled");
  // While a picture is drawn nothing else is begun.
  await causes.draw("word", "car");
  assert.equal(asked.length, 2);
});

test("what Python refuses is kept as the reason", async () => {
  const drawn = causes.draw("word", "car");
  await soon();
  end({ trouble: { code: "settings", reason: "slot-word", values: { word: "'car'" } } });
  await drawn;
  assert.deepEqual(
    [store.state.causes.word?.status, store.state.causes.word?.error?.reason],
    ["failed", "slot-word"],
  );
});

test("a picture that is opened is drawn from the same beginning, and its trial stays with it", async () => {
  shown("run-1", { resumable: true });
  causes.draw("word", "car");
  await soon();
  draw("cut", { slots: { car: "cut" } });
  /** @type {any[]} */
  const drawn = [];
  const runs = {
    generate: async (/** @type {any} */ wishes) => {
      drawn.push(wishes);
      store.set({ runs: { shown: "run-2" } });
    },
  };
  const playing = /** @type {any} */ ({ hold() {} });
  const send = commands(
    store,
    /** @type {any} */ ({ runs, causes }),
    playing,
    /** @type {any} */ ({ say() {} }),
  );
  assert.deepEqual(send.sides("word", "cut")?.other.slots, { car: "cut" });
  send.stage("word", "cut");
  assert.deepEqual(drawn, [{ ...SETTINGS, gains: {}, slots: { car: "cut" }, start: null }]);
  shown("run-1", { from: { run: "run-0", step: 2 } });
  assert.deepEqual(send.sides("word", "cut")?.original.from, { run: "run-1", step: 2 });
  store.set({ runs: { shown: "run-2" } });
  assert.ok(trialOf(store.state, "word", "car"));
  assert.equal(trialOf(store.state, "word", "red"), null);
  store.set({ runs: { shown: "run-3" } });
  assert.equal(trialOf(store.state, "word", "car"), null);
  // What is done to a word is undone by its name.
  store.set({ settings: { slots: { car: "cut", red: "alone" } } });
  send.restore("car");
  assert.deepEqual(store.state.settings.slots, { red: "alone" });
});

test("what takes long is not begun unasked", async () => {
  shown("run-1", { msPerStep: 1000, steps: 10 });
  const { ms, quick, much } = costOf(store.state, "all");
  assert.deepEqual([ms, quick, much], [20_000, 12_000, false]);
  shown("run-1", { msPerStep: 9000, steps: 10, frames: [/** @type {any} */ ({ words: [{ text: "car" }] })] });
  store.set({ view: { word: 0 } });
  const nobody = /** @type {any} */ ({});
  const send = commands(store, /** @type {any} */ ({ causes }), nobody, nobody);
  send.carry();
  await soon();
  assert.deepEqual([store.state.view.part, asked.length], [1, 0]);
  send.tryOut("word", "car", true);
  await soon();
  assert.equal(asked[0].wishes.quick, true);
});

test("what did not change pales", () => {
  const two = new ImageData(new Uint8ClampedArray([200, 0, 0, 255, 200, 0, 0, 255]), 2, 1);
  const [light, dark] = [false, true].map((dark) => [...marked(two, new Uint8Array([1, 0]), dark).data]);
  assert.deepEqual(light.slice(0, 4), [200, 0, 0, 255]);
  assert.deepEqual(light.slice(4), [206, 206, 206, 255]);
  assert.deepEqual(dark.slice(4), [15, 15, 15, 255]);
});
