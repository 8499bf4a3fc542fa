/** The ways of runs over the map of latents. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { extentOf, placesOf, sameAxes } from "../../web/rooms/compare/ways.js";

const run = (/** @type {any} */ fields) =>
  placesOf(/** @type {any} */ ({ frames: [], packed: null, ...fields }));
const frames = [
  {
    way: [
      [0, 1],
      [2, 3],
    ],
  },
  {
    way: [
      [2, 3],
      [4, 5],
    ],
  },
];

test("a way begins before the first step and goes on with each, also of a run that was put away", () => {
  const way = [
    [0, 1],
    [2, 3],
    [4, 5],
  ];
  assert.deepEqual(run({ frames }), way);
  assert.deepEqual(run({ packed: frames }), way);
});

test("where a frame does not say it, there is no way", () => {
  assert.deepEqual(run({}), []);
  assert.deepEqual(run({ frames: [...frames, {}] }), []);
});

test("the map shows as far as the model's runs reach, or as far as there is something to see", () => {
  const extent = /** @type {any} */ ([
    [-30, 30],
    [-16, 16],
  ]);
  const model = /** @type {any} */ ({ axes: { file: "axes.bin", runs: 96, extent } });
  assert.deepEqual(extentOf(model, [[99, 99]]), extent);
  const open = extentOf(null, [
    [9, -1],
    [-2, -12],
  ]);
  assert.deepEqual(open, [
    [-4, 9],
    [-12, 4],
  ]);
});

test("two models share a map if its file is the same, and none where they have none", () => {
  const model = (/** @type {string} */ sha256) =>
    /** @type {any} */ ({ axes: { file: "axes.bin" }, files: { "axes.bin": { sha256, bytes: 1 } } });
  assert.ok(sameAxes(model("1"), model("1")));
  assert.ok(!sameAxes(model("1"), model("2")));
  assert.ok(!sameAxes(/** @type {any} */ ({ files: {} }), /** @type {any} */ ({ files: {} })));
  assert.ok(!sameAxes(null, null));
});
