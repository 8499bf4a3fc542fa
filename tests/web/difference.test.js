/** What one picture has that another has not: on grey, as strong as is said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { amplified } from "../../web/paint/difference.js";
import "./canvases.js";

/** A picture of one row, its pixels opaque greys. @param {number[]} tones */
const row = (tones) =>
  new ImageData(Uint8ClampedArray.from(tones.flatMap((tone) => [tone, tone, tone, 255])), tones.length, 1);
/** @param {ImageData} image */
const tones = ({ data }) => [...data].filter((_, index) => index % 4 === 0);

test("a large difference stands on grey as it is", () => {
  const { image, gain } = amplified(row([200, 20, 90]), row([100, 80, 90]));
  assert.equal(gain, 1);
  assert.deepEqual(tones(image), [228, 68, 128]);
  assert.deepEqual([image.width, image.height, image.data[3]], [3, 1, 255]);
});

test("a small one is enlarged by a power of two that is said", () => {
  const { image, gain } = amplified(row([103, 97, 100]), row([100, 100, 100]));
  assert.equal(gain, 16);
  assert.deepEqual(tones(image), [176, 80, 128]);
  assert.equal(amplified(row([101, 100, 100]), row([100, 100, 100])).gain, 32);
  assert.equal(amplified(row([102, 98]), row([100, 100])).gain, 16);
});

test("no difference is grey", () => {
  assert.deepEqual(tones(amplified(row([7, 250]), row([7, 250])).image), [128, 128]);
});
