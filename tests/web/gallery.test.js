/** A gallery before any Python: which values it has, what its address says, and how it gives way and goes on. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { Gallery } from "../../web/runs/gallery.js";
import { writeRoom } from "../../web/state/address.js";
import { DEFAULTS } from "../../web/state/bounds.js";
import {
  MOST,
  readGallery,
  readValues,
  shows,
  usualValues,
  varied,
  writeGallery,
} from "../../web/state/gallery.js";
import { Store } from "../../web/state/store.js";
import { english } from "./english.js";

globalThis.ImageData ??= /** @type {any} */ (
  class {
    /** @param {Uint8ClampedArray} data @param {number} width @param {number} height */
    constructor(data, width, height) {
      Object.assign(this, { data, width, height });
    }
  }
);

before(english);

/** @type {Store} */
let store;
/** @type {Gallery} */
let gallery;
/** @type {any[]} what Python was asked for */
let asked;
/** @type {string[]} its buttons */
let pressed;
/** @type {((answer?: object) => void)[]} end what Python was asked for */
let ends;

/** Python that begins what earlier tests still ask for elsewhere. */
const newPython = () => {
  /** @type {{ asked: any[], pressed: string[], ends: ((answer?: object) => void)[] }} */
  const mine = { asked: [], pressed: [], ends: [] };
  ({ asked, pressed, ends } = mine);
  const press = (/** @type {string} */ name) => [name, () => mine.pressed.push(name)];
  return /** @type {any} */ ({
    read_prompt: async () => ({ words: [{ text: "a" }, { text: "cat" }] }),
    run: (/** @type {string} */ name, /** @type {any} */ wishes, /** @type {string} */ id) => {
      mine.asked.push({ name, id, ...wishes });
      return new Promise((done) => mine.ends.push((answer = {}) => done(answer)));
    },
    ...Object.fromEntries(["pause", "resume", "step"].map(press)),
    cancel: () => {
      mine.pressed.push("cancel");
      mine.ends.at(-1)?.({ cancelled: true });
    },
  });
};
const soon = () => new Promise((done) => setTimeout(done, 5));
const outcome = (/** @type {Promise<any>} */ run) =>
  run.then(
    (last) => last,
    (error) => error.name,
  );
const item = (/** @type {any} */ fields) =>
  gallery.activities.hear({ kind: "item", id: asked.at(-1).id, item: fields });
const glimpse = (step = 1, steps = 10) => ({
  step,
  steps,
  picture: new Float32Array(4),
  drawnBy: "latent_rgb",
});
const finished = (value = 1, apart = /** @type {number | undefined} */ (undefined)) =>
  item({ value, apart, glimpse: { ...glimpse(10), latent: Float32Array.of(Number(value)) } });
const tiles = () => store.state.gallery.tiles;

beforeEach(() => {
  store = new Store();
  store.set({
    settings: { prompt: "a cat", seed: 1 },
    model: /** @type {any} */ ({ picture: { height: 1, width: 1 } }),
  });
  gallery = new Gallery(store);
  gallery.activities.begin(newPython());
});

test("the usual values are about the settings, within the bounds, and few", () => {
  const usual = (/** @type {any} */ vary, settings = {}) => usualValues(vary, { ...DEFAULTS, ...settings });
  assert.deepEqual(usual("seed", { seed: 7 }), [7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assert.equal(usual("seed", { seed: Number.MAX_SAFE_INTEGER }).at(-1), Number.MAX_SAFE_INTEGER);
  assert.deepEqual(usual("guidance", { guidance: 3 }), [0, 1, 3, 6, 12]);
  assert.deepEqual(usual("guidance", { guidance: 1 }), [0, 1, 2, 4, 8]);
  assert.deepEqual(usual("guidance", { guidance: 0.5 }), [0, 0.5, 1, 2, 4, 8]);
  assert.deepEqual(usual("guidance", { guidance: 90 }), [0, 1, 90, 100]);
  assert.deepEqual(usual("steps", { steps: 10 }), [1, 2, 5, 10, 20]);
  assert.deepEqual(usual("steps", { steps: 1 }), [1, 2]);
  assert.ok(usual("sampler").includes("ddim"));
  for (const vary of varied(null)) assert.ok(usual(vary).length <= MOST);
});

test("guidance varies only where the model has some", () => {
  const of = (/** @type {any} */ guidance) => varied(/** @type {any} */ ({ guidance }));
  assert.ok(of("classifier-free").includes("guidance") && of(undefined).includes("guidance"));
  assert.ok(of("embedded").includes("guidance"));
  assert.ok(!of("none").includes("guidance"));
});

test("values are read as anybody types them, and the first wrong one is said", () => {
  const read = (/** @type {any} */ vary, /** @type {string} */ text) => {
    const { values, wrong } = readValues(vary, text);
    return [values, wrong && (wrong.values?.value ?? wrong.reason)];
  };
  assert.deepEqual(read("seed", "7, 8;9  7"), [[7, 8, 9], null]);
  assert.deepEqual(read("seed", "7, -1, x"), [[7], "-1"]);
  assert.deepEqual(read("guidance", "0 2.5 much"), [[0, 2.5], "'much'"]);
  assert.deepEqual(read("sampler", "ddim, magic"), [["ddim"], "'magic'"]);
  assert.deepEqual(read("steps", " "), [[], "gallery-none"]);
  assert.equal(readValues("steps", Array.from({ length: 30 }, (_, k) => k + 1).join()).values.length, MOST);
});

for (const asked of /** @type {any[]} */ ([
  { vary: "seed", values: [4, 40, 400] },
  { vary: "guidance", values: [0, 2.5] },
  { vary: "sampler", values: ["ddim", "dpm++2m"] },
]))
  test(`an address brings back ${asked.vary} of ${asked.values}, until the room is left`, () => {
    gallery.draw(asked).catch(() => {});
    const hash = `#prompt=a+cat&room=gallery${writeGallery(store.state.gallery)}`;
    assert.deepEqual(readGallery(hash), asked);
    assert.equal(writeRoom(hash, "stage"), "#prompt=a+cat");
  });

test("an address need not say what is usual, and a strange one names nine seeds", () => {
  gallery.draw({ vary: "steps" }).catch(() => {});
  assert.equal(writeGallery(store.state.gallery), "&vary=steps");
  for (const hash of ["", "#vary=colour", "#vary=seed&values=x,-1"])
    assert.deepEqual(readGallery(hash), { vary: "seed" });
});

test("pictures clear up one after the other, and those that are refused say why", async () => {
  const heard = /** @type {any[]} */ ([]);
  const run = gallery.draw({ vary: "steps", values: [0, 4, 10] }, ({ value }) => heard.push(value));
  assert.equal(store.state.gallery.status, "waiting");
  await soon();
  assert.equal(store.state.gallery.status, "drawing");
  const { name, vary, values, settings, latents } = asked[0];
  assert.deepEqual([name, vary, values, latents], ["gallery", "steps", [0, 4, 10], []]);
  assert.deepEqual([settings.prompt, settings.gains], ["a cat", {}]);
  item({ value: 0, reason: "setting-steps", values: { value: 0 } });
  item({ value: 4, glimpse: glimpse(2, 4) });
  assert.deepEqual(
    tiles().map(({ step, steps }) => [step, steps]),
    [
      [0, 0],
      [2, 4],
      [0, 10],
    ],
  );
  finished(4);
  finished(10, 0.5);
  ends[0]();
  assert.equal((await run).value, 10);
  assert.deepEqual(heard, [0, 4, 4, 10]);
  assert.equal(store.state.gallery.status, "finished");
  assert.deepEqual(tiles()[0].refused, { reason: "setting-steps", values: { value: 0 } });
  assert.deepEqual(store.state.gallery.measured, [{ prompt: "a cat", vary: "steps", count: 2, apart: 0.5 }]);
});

test("it gives way to a picture, and then draws what is not finished", async () => {
  const run = gallery.draw({ vary: "seed", values: [1, 2, 3] });
  await soon();
  finished(1);
  item({ value: 2, glimpse: glimpse() });
  const picture = gallery.activities.run("generate");
  await soon();
  assert.deepEqual(pressed, ["cancel"]);
  assert.equal(store.state.gallery.status, "waiting");
  assert.equal(asked.at(-1).name, "generate");
  ends.at(-1)?.();
  await picture;
  await soon();
  assert.equal(store.state.gallery.status, "drawing");
  const { values, latents } = asked.at(-1);
  assert.deepEqual([values, latents], [[2, 3], [Float32Array.of(1)]]);
  finished(2);
  finished(3, 0.25);
  ends.at(-1)?.();
  await run;
  assert.equal(store.state.gallery.apart, 0.25);
});

test("a pause lasts, also where it gives way, and holds nobody else", async () => {
  const run = outcome(gallery.draw({ vary: "seed" }));
  await soon();
  gallery.pause();
  assert.equal(store.state.gallery.status, "paused");
  const picture = gallery.activities.run("generate");
  await soon();
  assert.equal(asked.at(-1).name, "generate");
  gallery.resume(); // behind the picture
  assert.deepEqual(pressed, ["pause", "cancel"]);
  ends.at(-1)?.();
  await picture;
  await soon();
  assert.equal(asked.at(-1).name, "gallery");
  gallery.step();
  gallery.resume();
  assert.deepEqual(pressed, ["pause", "cancel", "step", "resume"]);
  gallery.cancel();
  assert.equal(await run, "AbortError");
});

test("one that is paused and gave way is not taken up again by itself", async () => {
  gallery.draw({ vary: "seed" }).catch(() => {});
  await soon();
  gallery.pause();
  const picture = gallery.activities.run("generate");
  await soon();
  ends.at(-1)?.();
  await picture;
  await soon();
  assert.equal(asked.length, 2);
  assert.equal(store.state.gallery.status, "paused");
  gallery.cancel();
  await soon();
  assert.equal(store.state.gallery.status, "cancelled");
});

test("what is cancelled stays, and can be gone on with", async () => {
  const run = outcome(gallery.draw({ vary: "seed", values: [1, 2] }));
  await soon();
  finished(1);
  gallery.cancel();
  assert.equal(await run, "AbortError");
  assert.equal(store.state.gallery.status, "cancelled");
  assert.ok(tiles()[0].latent);
  await soon();
  const rest = gallery.goOn();
  await soon();
  assert.deepEqual(asked.at(-1).values, [2]);
  finished(2, 1);
  ends.at(-1)?.();
  await rest;
  assert.equal(store.state.gallery.status, "finished");
});

test("an engine that fails is said, and another model's gallery is another one", async () => {
  const run = outcome(gallery.draw({ vary: "seed" }));
  await soon();
  gallery.activities.fail({ code: "device-lost", reason: "card-lost" });
  await run;
  assert.deepEqual(
    [store.state.gallery.status, store.state.gallery.error],
    ["failed", { code: "device-lost", reason: "card-lost" }],
  );
  gallery.clear();
  assert.deepEqual([store.state.gallery.status, tiles()], ["empty", []]);
});

test("a gallery is there as long as what its pictures have in common is asked for", () => {
  gallery.draw({ vary: "guidance" }).catch(() => {});
  const shown = (/** @type {any} */ change, asked = {}) =>
    shows(store.state.gallery, { ...store.state.settings, ...change }, { vary: "guidance", ...asked });
  assert.ok(shown({}) && shown({ guidance: 12, preview: "linear" }));
  assert.ok(!shown({ prompt: "a dog" }) && !shown({ seed: 8 }));
  assert.ok(!shown({}, { vary: "seed" }) && !shown({}, { values: [1] }));
});

test("a wish out of bounds is refused, and what goes stays", async () => {
  gallery.draw({ vary: "seed" }).catch(() => {});
  const before = store.state.gallery;
  await assert.rejects(gallery.draw({ vary: "seed", steps: 1e9 }), /must be a whole number from 1 to 1000/);
  assert.equal(store.state.gallery, before);
});
