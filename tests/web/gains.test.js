/** Strengths of words: by the word however it is written, and waiting where it is gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gainOf, split, withGain } from "../../web/state/gains.js";

test("a strength is found by the word in any case, and is 1 where nothing was said", () => {
  assert.equal(gainOf({ red: 0.5 }, "RED"), 0.5);
  assert.equal(gainOf({ red: 0 }, "red"), 0);
  assert.equal(gainOf({ red: 0 }, "car"), 1);
  assert.equal(gainOf({ red: 0 }, undefined), 1);
});

test("a strength of 1 is none, and the given ones stay as they are", () => {
  const gains = { red: 0.5, car: 0 };
  assert.deepEqual(withGain(gains, "Red", 1), { car: 0 });
  assert.deepEqual(withGain(gains, "Boat", 2), { red: 0.5, car: 0, boat: 2 });
  assert.deepEqual(gains, { red: 0.5, car: 0 });
});

test("strengths whose word is gone wait, the others are heard", () => {
  const words = ["A", "Red", "boat"].map((text) => ({ text }));
  assert.deepEqual(split({ red: 0.5, car: 0 }, words), { heard: { red: 0.5 }, waiting: { car: 0 } });
  assert.deepEqual(split({ red: 2 }, []), { heard: {}, waiting: { red: 2 } });
});
