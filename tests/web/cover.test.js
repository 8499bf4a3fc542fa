/** The middle of a picture that a model's picture is made of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { middle } from "../../web/paint/cover.js";

const sides = ({ x, y, width, height }) => [x, y, width, height];

test("of a wide picture the sides are cut off, of a high one top and bottom", () => {
  const size = { width: 128, height: 128 };
  assert.deepEqual(sides(middle({ width: 4000, height: 3000 }, size)), [500, 0, 3000, 3000]);
  assert.deepEqual(sides(middle({ width: 3000, height: 4000 }, size)), [0, 500, 3000, 3000]);
  assert.deepEqual(sides(middle({ width: 128, height: 128 }, size)), [0, 0, 128, 128]);
});

test("a picture that is too small is cut to the same proportions, for it is enlarged then", () => {
  assert.deepEqual(sides(middle({ width: 10, height: 40 }, { width: 128, height: 128 })), [0, 15, 10, 10]);
});

test("a model that draws wide pictures gets a wide part", () => {
  assert.deepEqual(
    sides(middle({ width: 100, height: 100 }, { width: 768, height: 512 })).map(Math.round),
    [0, 17, 100, 67],
  );
});
