/**
 * How the UNet's attention is shared out: between the words and the slots that hold none, and among the words.
 *
 * @import { Frame } from "../types"
 */

/** @type {WeakMap<Frame, number>} */
const known = new WeakMap();

/**
 * @param {Frame} frame
 * @returns {number} the part of all its attention that the words receive together, 0 to 1; the slots of the start, the
 *   end and the padding after it receive the rest
 */
export function wordsPart(frame) {
  let part = known.get(frame);
  if (part === undefined) {
    part = read(frame);
    known.set(frame, part);
  }
  return part;
}

/** @param {Frame} frame */
function read({ attention, words }) {
  const filled = new Set(words.flatMap((word) => word.tokens));
  let theirs = 0;
  let all = 0;
  for (const [side, maps] of Object.entries(attention)) {
    const cells = Number(side) ** 2;
    for (let slot = 0; slot * cells < maps.length; slot++) {
      let sum = 0;
      for (let p = slot * cells; p < (slot + 1) * cells; p++) sum += maps[p];
      // The mean: a side counts by its layers, which its maps are the sum of, and not by its cells.
      all += sum / cells;
      if (filled.has(slot)) theirs += sum / cells;
    }
  }
  return all && theirs / all;
}

/**
 * @param {Frame} frame
 * @param {number} word index
 * @returns {number} the word's part of what all words receive, 0 to 1
 */
export function shareOf({ words }, word) {
  const all = words.reduce((sum, { share }) => sum + share, 0);
  return all && (words[word]?.share ?? 0) / all;
}
