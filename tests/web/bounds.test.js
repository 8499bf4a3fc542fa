/** Wishes from an address, a file or another page: what may be used, and why the rest may not. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { sentence } from "../../web/engine/trouble.js";
import { departure, NAMES, within } from "../../web/state/bounds.js";
import { english } from "./english.js";

before(english);

/** @param {any} name @param {unknown} value */
function said(name, value) {
  const refused = departure(name, value);
  assert.ok(refused);
  return sentence(refused);
}

test("what lies within its bounds is kept as it is", () => {
  const settings = { prompt: "", seed: 0, steps: 1000, guidance: 0, gains: { red: 0, car: 10 }, every: 1 };
  assert.deepEqual(within(settings), { settings, refused: null });
});

test("what is unknown or undefined is no wish", () => {
  assert.deepEqual(within({ colour: "red", steps: undefined }), { settings: {}, refused: null });
});

for (const wrong of [Number.NaN, Infinity, -1, 1e9, 1.5, "7", "", true, null, [], {}, 10n]) {
  test(`${typeof wrong} ${String(wrong)} is no number of steps`, () => {
    assert.match(
      said("steps", wrong),
      /^The number of steps must be a whole number from 1 to 1000, not [^.].*\.$/,
    );
  });
}

test("every setting refuses what is of another kind, in one sentence", () => {
  for (const name of NAMES) {
    for (const wrong of [Symbol.iterator, () => 1, null, [1]]) {
      assert.match(said(name, wrong), /^[A-Z][^{}]*\.$/s, `${name} ${String(wrong)}`);
    }
  }
});

test("a sentence shows no more of a long value than fits on a line", () => {
  assert.ok(said("prompt", "word ".repeat(1e6)).length < 130);
  assert.ok(said("gains", Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [i, 1]))).length < 180);
});
