/** A latent under the hand: what is painted, covered, copied and moved, at its edges too, and undone; the newest asking. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cellOf, filled, moved, noise, patch, way } from "../../web/paint/touch.js";
import { Touched } from "../../web/paint/touched.js";
import { newest } from "../../web/state/newest.js";

const SHAPE = { channels: 2, height: 3, width: 4 };
/** Every cell has a number of its own. */
const VALUES = Float32Array.from({ length: 24 }, (_, index) => index + 1);
const MINIATURE = {
  weight: [
    [-0.188826, -0.095817, -0.104536],
    [-0.089931, 0.019748, -0.125528],
    [-0.237971, 0.104443, 0.041083],
    [0.420919, 0.118556, -0.053638],
  ],
  bias: [0.467767, 0.449977, 0.512447],
};

/** The rows of the first channel. @param {Float32Array} values */
const rows = (values) => [0, 1, 2].map((row) => [...values.subarray(row * 4, row * 4 + 4)]);

test("a patch lies round its cell and ends at the latent's edges", () => {
  assert.deepEqual(patch(SHAPE, { x: 1, y: 1 }, 1), { left: 1, top: 1, right: 2, bottom: 2 });
  assert.deepEqual(patch(SHAPE, { x: 1, y: 1 }, 3), { left: 0, top: 0, right: 3, bottom: 3 });
  assert.deepEqual(patch(SHAPE, { x: 1, y: 1 }, 2), { left: 1, top: 1, right: 3, bottom: 3 });
  assert.deepEqual(patch(SHAPE, { x: 3, y: 2 }, 4), { left: 2, top: 1, right: 4, bottom: 3 });
  assert.deepEqual(patch({ channels: 4, height: 64, width: 64 }, { x: 63, y: 0 }, 8), {
    left: 60,
    top: 0,
    right: 64,
    bottom: 5,
  });
});

test("a quick finger leaves no gaps", () => {
  assert.deepEqual(way({ x: 2, y: 2 }, { x: 2, y: 2 }), [{ x: 2, y: 2 }]);
  const cells = way({ x: 0, y: 0 }, { x: 5, y: 2 });
  assert.deepEqual(
    [cells[0], cells.at(-1)],
    [
      { x: 0, y: 0 },
      { x: 5, y: 2 },
    ],
  );
  for (const [k, { x, y }] of cells.slice(1).entries())
    assert.ok(Math.max(Math.abs(x - cells[k].x), Math.abs(y - cells[k].y)) === 1);
});

test("painting fills the patch in every channel, and leaves the array it was given alone", () => {
  const painted = filled(VALUES, SHAPE, { x: 3, y: 1 }, 2, (channel) => -1 - channel);
  assert.deepEqual(rows(painted), [
    [1, 2, 3, 4],
    [5, 6, 7, -1],
    [9, 10, 11, -1],
  ]);
  assert.deepEqual(painted.filter((value) => value === -2).length, 2);
  assert.equal(VALUES[7], 8);
});

test("a patch is copied, also over its own edge, and leaves something behind where it is moved", () => {
  const move = { from: { x: 0, y: 0 }, to: { x: 1, y: 1 }, size: 2 };
  assert.deepEqual(rows(moved(VALUES, SHAPE, move)), [
    [1, 2, 3, 4],
    [5, 1, 2, 8],
    [9, 5, 6, 12],
  ]);
  const covered = filled(VALUES, SHAPE, move.from, move.size, () => 0);
  assert.deepEqual(rows(moved(VALUES, SHAPE, move, covered)), [
    [0, 0, 3, 4],
    [0, 1, 2, 8],
    [9, 5, 6, 12],
  ]);
});

test("what is moved out of the latent is lost", () => {
  const move = { from: { x: 2, y: 0 }, to: { x: 3, y: 2 }, size: 2 };
  assert.deepEqual(rows(moved(VALUES, SHAPE, move)), [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 3],
  ]);
  const away = { from: { x: 0, y: 0 }, to: { x: -5, y: 0 }, size: 1 };
  assert.deepEqual(moved(VALUES, SHAPE, away), VALUES);
});

test("noise has the deviation that the step has", () => {
  const draw = noise(0.5);
  const numbers = Array.from({ length: 20_000 }, draw);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const square = numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
  assert.ok(Math.abs(mean) < 0.02);
  assert.ok(Math.abs(Math.sqrt(square) - 0.5) < 0.02);
});

test("a colour becomes the cell that shows it, with the smallest numbers", () => {
  for (const colour of [[1, 0, 0], [0, 0, 1], [0.2, 0.9, 0.4], MINIATURE.bias]) {
    const cell = cellOf(colour, MINIATURE);
    const seen = MINIATURE.bias.map((start, i) =>
      cell.reduce((sum, value, k) => sum + value * MINIATURE.weight[k][i], start),
    );
    for (const [i, part] of seen.entries()) assert.ok(Math.abs(part - colour[i]) < 1e-9);
  }
  assert.ok(cellOf(MINIATURE.bias, MINIATURE).every((value) => Math.abs(value) < 1e-12));
  // Nothing of it lies along the direction that the fit does not see.
  const blind = MINIATURE.weight.map((_, out) => {
    const [[a, b, c], [d, e, f], [g, h, i]] = MINIATURE.weight.filter((_, row) => row !== out);
    return (-1) ** out * (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g));
  });
  const along = cellOf([1, 0, 0], MINIATURE).reduce((sum, value, k) => sum + value * blind[k], 0);
  assert.ok(Math.abs(along) < 1e-12);
});

/** A latent in the hand whose noise is 0, with patches of one cell. @param {"paint" | "erase" | "copy" | "shift"} tool */
function inHand(tool) {
  const touched = new Touched([VALUES], SHAPE, () => 0);
  return Object.assign(touched, { tool, size: 1, colour: [-1, -2] });
}

test("a stroke is one touch, whatever its length, and is undone as one", () => {
  const touched = inHand("paint");
  touched.begin({ x: 0, y: 0 });
  touched.move({ x: 2, y: 0 });
  touched.end();
  assert.deepEqual(rows(touched.now)[0], [-1, -1, -1, 4]);
  assert.equal(touched.now[12], -2);
  touched.tool = "erase";
  touched.begin({ x: 3, y: 0 });
  touched.end();
  assert.deepEqual(rows(touched.now)[0], [-1, -1, -1, 0]);
  touched.undo();
  assert.deepEqual(rows(touched.now)[0], [-1, -1, -1, 4]);
  touched.undo();
  touched.undo();
  assert.ok(touched.untouched);
  assert.equal(touched.now, VALUES);
});

test("a patch is held over one place and the next, and put down in the last alone", () => {
  for (const [tool, left] of /** @type {const} */ ([
    ["copy", 1],
    ["shift", 0],
  ])) {
    const touched = inHand(tool);
    touched.begin({ x: 0, y: 0 });
    assert.ok(touched.holds);
    touched.move({ x: 1, y: 0 });
    touched.move({ x: 2, y: 0 });
    touched.end();
    assert.deepEqual(rows(touched.now)[0], [left, 2, 1, 4]);
  }
});

test("what is dropped leaves the latent as it was", () => {
  const touched = inHand("shift");
  touched.begin({ x: 0, y: 0 });
  touched.move({ x: 1, y: 0 });
  touched.drop();
  touched.end();
  assert.ok(touched.untouched);
  assert.equal(touched.holds, false);
});

test("however often it is touched, the run's own is there in the end", () => {
  const touched = inHand("paint");
  for (let touch = 0; touch < 50; touch++) {
    touched.colour = [-touch, 0];
    touched.begin({ x: 0, y: 0 });
    touched.end();
  }
  assert.equal(touched.latents.length, 30);
  assert.equal(touched.now[0], -49);
  touched.reset();
  assert.equal(touched.now, VALUES);
});

test("in the run's own size what nobody touched is the run's to the bit", () => {
  const own = VALUES.map((value) => value * 3.7);
  const touched = new Touched([own.map((value) => value * 0.1)], SHAPE, () => 0);
  Object.assign(touched, { size: 1, colour: [5, 6] });
  touched.begin({ x: 1, y: 0 });
  touched.end();
  const given = touched.inItsOwnSize(own, 0.1);
  assert.deepEqual([...given].filter((value, k) => value !== own[k]).map(Math.round), [50, 60]);
});

test("of what is asked for meanwhile the newest is done, and the rest never", async () => {
  /** @type {number[]} */
  const done = [];
  const ask = newest(async (/** @type {number} */ asked) => {
    await new Promise((soon) => setTimeout(soon, 2));
    done.push(asked);
  });
  for (const asked of [1, 2, 3, 4]) void ask(asked);
  await ask(5);
  assert.deepEqual(done, [1, 5]);
  await ask(6);
  assert.deepEqual(done, [1, 5, 6]);
});

test("what fails is told, and the next asking begins anew", async () => {
  const ask = newest(async (/** @type {boolean} */ fails) => {
    if (fails) throw new Error("no");
  });
  await assert.rejects(ask(true), /no/);
  await ask(false);
});
