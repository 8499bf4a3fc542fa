/** Lenses: what of a step is seen through each, how it is painted, and which lens comes after which. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { changeImage } from "../../web/paint/change.js";
import { imageOf, paintSight } from "../../web/paint/lens.js";
import { lenses } from "../../web/state/commands/lenses.js";
import { canDecode, frameBefore, lensOf, shownLens, sightOf } from "../../web/state/lenses.js";
import { noiseAt } from "../../web/state/steps.js";
import { NO_RUN, Store } from "../../web/state/store.js";

/** A grey ramp: the level is the colour. */
const RAMP = Uint8ClampedArray.from({ length: 256 * 3 }, (_, k) => Math.floor(k / 3));

before(() => {
  Object.assign(globalThis, {
    ImageData: class {
      constructor(/** @type {any} */ first, /** @type {number} */ second, /** @type {number} */ third) {
        const [data, width, height] =
          typeof first === "number"
            ? [new Uint8ClampedArray(4 * first * second), first, second]
            : [first, second, third];
        Object.assign(this, { data, width, height });
      }
    },
    // Signed colours: black, grey, white.
    getComputedStyle: () => ({
      getPropertyValue: (/** @type {string} */ name) =>
        ({ "--div-n2": "#000000", "--div-n1": "#404040", "--div-p1": "#c0c0c0", "--div-p2": "#ffffff" })[
          name
        ] ?? "#808080",
    }),
    document: { documentElement: { dataset: {} } },
  });
});

const grey = (/** @type {number} */ level, side = 4) =>
  new ImageData(
    Uint8ClampedArray.from({ length: 4 * side * side }, (_, k) => (k % 4 === 3 ? 255 : level)),
    side,
    side,
  );

const SHAPE = { channels: 1, height: 2, width: 2, rgb: { weight: [[0.1, 0.1, 0.1]], bias: [0.5, 0.5, 0.5] } };
const MODEL = /** @type {any} */ ({
  latent: SHAPE,
  graphs: { vae_decoder: { file: "vae_decoder.onnx", shards: ["a"] } },
  files: { "vae_decoder.onnx": { sha256: "d" } },
});

/** A frame of a run of three. @param {number} step @param {object} [fields] @returns {any} */
const frame = (step, fields) => ({
  step,
  steps: 3,
  drawnBy: "vae_decoder",
  noiseShare: 1.2 - 0.3 * step,
  noiseLeft: step === 3 ? 0 : 0.9 - 0.3 * step,
  latent: Float32Array.of(step, 0, 0, 0),
  words: [
    { text: "a", share: 0.1 },
    { text: "car", share: 0.3 },
  ],
  maps: new Float32Array(8).fill(step),
  meanMaps: new Float32Array(8),
  preview: grey(100 + step),
  ...fields,
});
const FRAMES = [1, 2, 3].map((step) => frame(step));
const RUN = /** @type {any} */ ({
  ...NO_RUN,
  status: "finished",
  steps: 3,
  frames: FRAMES,
  model: MODEL,
  picture: grey(9),
});
const VIEW = /** @type {any} */ ({ lens: "held", word: null, mean: false, decoded: false });

test("Held is the latent after the step, and after the last step of a finished run its picture", () => {
  const [first, , last] = FRAMES;
  assert.deepEqual(sightOf(RUN, first, VIEW), { kind: "latent", values: first.latent, shape: SHAPE });
  assert.deepEqual(sightOf(RUN, last, VIEW), { kind: "picture", picture: RUN.picture });
  const running = { ...RUN, status: "running", picture: null };
  assert.equal(sightOf(running, last, VIEW).kind, "latent");
});

test("Held goes through the decoder once it is decoded, and while that is wanted", () => {
  const decoded = frame(1, { decoded: grey(7) });
  assert.equal(sightOf(RUN, decoded, VIEW).kind, "latent");
  const seen = sightOf(RUN, decoded, { ...VIEW, decoded: true });
  assert.deepEqual(seen, { kind: "picture", picture: decoded.decoded });
  assert.equal(sightOf(RUN, FRAMES[0], { ...VIEW, decoded: true }).kind, "latent");
});

test("Foreseen is the step's picture, and at the end the finished one", () => {
  const view = { ...VIEW, lens: "foreseen" };
  assert.deepEqual(
    FRAMES.map((one) => /** @type {any} */ (sightOf(RUN, one, view)).picture),
    [FRAMES[0].preview, FRAMES[1].preview, RUN.picture],
  );
});

test("Changed compares with the last step before that was drawn alike; the first has none", () => {
  const frames = [1, 2, 3].map((step) => frame(step, step === 2 ? { drawnBy: "latent_rgb" } : {}));
  const before = frames.map((one) => frameBefore({ frames }, one)?.step);
  assert.deepEqual(before, [undefined, undefined, 1]);
  const seen = /** @type {any} */ (sightOf(RUN, FRAMES[1], { ...VIEW, lens: "changed" }));
  assert.deepEqual([seen.picture, seen.before], [FRAMES[1].preview, FRAMES[0].preview]);
  assert.equal(/** @type {any} */ (sightOf(RUN, FRAMES[0], { ...VIEW, lens: "changed" })).before, null);
});

test("Attention is that of a word; without one it is what is held", () => {
  const view = { ...VIEW, lens: "attention" };
  assert.equal(lensOf(view, FRAMES[0]), "held");
  assert.equal(lensOf({ ...view, word: 5 }, FRAMES[0]), "held");
  const seen = /** @type {any} */ (sightOf(RUN, FRAMES[1], { ...view, word: 1 }, { low: 0, high: 1 }));
  assert.deepEqual([seen.kind, seen.side, [...seen.map]], ["attention", 2, [2, 2, 2, 2]]);
});

test("a change is signed, on one scale for all steps, and none is the ramp's middle", () => {
  const level = (/** @type {number} */ now, /** @type {number} */ then) =>
    changeImage(grey(now), grey(then), RAMP).data[0];
  assert.equal(level(80, 80), 128);
  assert.ok(Math.abs(level(80, 86) + level(86, 80) - 255) <= 1, "as much down as up");
  assert.ok(level(86, 80) > level(82, 80) && level(82, 80) > 128);
  assert.deepEqual([level(200, 100), level(100, 200)], [255, 0]);
  // However strong another pixel's change is.
  const [now, then] = [grey(80), grey(80)];
  now.data.set([255, 255, 255], 0);
  now.data.set([82, 82, 82], 4);
  assert.equal(changeImage(now, then, RAMP).data[4], level(82, 80));
});

test("with nothing before it nothing has changed; what was made is not made again", () => {
  const now = grey(80);
  const alone = changeImage(now, null, RAMP);
  assert.ok(alone.data.every((value, k) => value === (k % 4 === 3 ? 255 : 128)));
  assert.equal(changeImage(now, null, RAMP), alone);
  assert.notEqual(changeImage(now, grey(80), RAMP), alone);
});

test("the same sight is the same image, so that no canvas is painted twice", () => {
  for (const lens of ["held", "foreseen", "changed"]) {
    const image = () => imageOf(sightOf(RUN, FRAMES[1], { ...VIEW, lens }));
    assert.equal(image(), image());
  }
});

test("few cells are squares, many are a picture", () => {
  const canvas = () => {
    const classes = new Map();
    return /** @type {any} */ ({
      classes,
      classList: { toggle: (/** @type {string} */ name, /** @type {boolean} */ on) => classes.set(name, on) },
      getContext: () => null,
    });
  };
  const soft = (/** @type {any} */ sight) => {
    const place = canvas();
    paintSight(place, sight);
    return place.classes.get("soft");
  };
  const large = { ...SHAPE, height: 96, width: 96 };
  assert.equal(soft({ kind: "latent", values: new Float32Array(4), shape: SHAPE }), false);
  assert.equal(soft({ kind: "latent", values: new Float32Array(96 * 96), shape: large }), true);
  assert.equal(soft({ kind: "picture", picture: grey(1) }), true);
});

test("the noise along the line is what the latent holds there", () => {
  const at = (/** @type {number} */ position) => Math.round(noiseAt(FRAMES, position) * 100);
  assert.deepEqual([0, 0.5, 1, 2, 3].map(at), [90, 75, 60, 30, 0]);
  assert.equal(noiseAt(FRAMES.slice(0, 1), 2), FRAMES[0].noiseLeft, "no further than is known");
  assert.equal(noiseAt([], 0), 1);
});

/** A page that shows the run. */
function shown() {
  const store = new Store();
  store.set({ runs: { byId: { a: { ...RUN, id: "a" } }, shown: "a" } });
  const send = lenses(store);
  const view = () => {
    const { lens, word } = store.state.view;
    return [lens, word];
  };
  return { store, send, view };
}

test("Attention takes the word that gets most where none is chosen, and gives way to what was seen before", () => {
  const { send, view } = shown();
  send.see("foreseen");
  send.toggleAttention();
  assert.deepEqual(view(), ["attention", 1]);
  send.toggleAttention();
  assert.deepEqual(view(), ["foreseen", 1]);
  send.choose(0);
  assert.deepEqual(view(), ["attention", 0]);
  send.choose(0);
  assert.deepEqual(view(), ["foreseen", null]);
  send.choose(null);
  assert.deepEqual(view(), ["foreseen", null]);
});

test("the key goes through all lenses and begins again", () => {
  const { store, send } = shown();
  const seen = [0, 1, 2, 3].map(() => {
    send.nextLens();
    return shownLens(store.state);
  });
  assert.deepEqual(seen, ["foreseen", "changed", "attention", "held"]);
});

test("a run is decoded by its own decoder, where there is room for it", () => {
  const { store } = shown();
  const can = (/** @type {any} */ state) => canDecode({ ...store.state, ...state });
  const engine = { status: "ready", sparing: false };
  assert.equal(can({ engine, model: { ...MODEL } }), true, "of a recording too");
  assert.equal(can({ engine: { ...engine, status: "booting" }, model: MODEL }), false);
  assert.equal(can({ engine: { ...engine, sparing: true }, model: MODEL }), false);
  const { vae_decoder } = MODEL.graphs;
  const other = { ...MODEL, graphs: { vae_decoder: { ...vae_decoder, shards: ["b"] } } };
  assert.equal(can({ engine, model: other }), false);
});
