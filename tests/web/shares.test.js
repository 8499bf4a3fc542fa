import assert from "node:assert/strict";
import { test } from "node:test";
import { shareOf, wordsPart } from "../../web/state/shares.js";

/** Four slots: start, two words, the end. Two layers of 2 × 2 cells and one of a single cell. */
const frame = () => ({
  attention: {
    2: Float32Array.of(
      ...[1, 1, 1, 1],
      ...[0.2, 0.2, 0.2, 0.2],
      ...[0.4, 0, 0.4, 0],
      ...[0.4, 0.8, 0.4, 0.8],
    ),
    1: Float32Array.of(0.5, 0.1, 0.2, 0.2),
  },
  words: [
    { text: "red", tokens: [1], share: 0.1 },
    { text: "car", tokens: [2], share: 0.3 },
  ],
});

test("the words' part counts each layer once, however many cells it has", () => {
  assert.ok(Math.abs(wordsPart(frame()) - (0.2 + 0.2 + 0.1 + 0.2) / 3) < 1e-6);
});

test("without words all of it goes elsewhere", () => {
  assert.equal(wordsPart({ ...frame(), words: [] }), 0);
  assert.equal(shareOf({ words: [] }, 0), 0);
});

test("shares are of the words' part", () => {
  assert.ok(Math.abs(shareOf(frame(), 0) - 0.25) < 1e-9);
  assert.ok(Math.abs(shareOf(frame(), 0) + shareOf(frame(), 1) - 1) < 1e-9);
});

test("words that are all switched off share nothing", () => {
  const off = { words: frame().words.map((word) => ({ ...word, share: 0 })) };
  assert.equal(shareOf(off, 1), 0);
});
