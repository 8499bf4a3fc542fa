/**
 * Frames in less memory, for runs that nobody looks at: latents and predictions stay as they are, bit for bit; attention
 * and the maps of words are rounded to 8 bits, pictures become image files.
 *
 * @import { Frame, PackedFrame, Rounded } from "../types"
 */
import { readPictures, writePicture } from "./pictures.js";

/** What each frame was packed into, or comes from: runs that share frames share these too, and nothing is rounded twice.
 * @type {WeakMap<Frame, PackedFrame>} */
const known = new WeakMap();

/**
 * @param {Frame[]} frames of a run, in order
 * @returns {Promise<PackedFrame[]>} one at a time, so that the page is not held up
 */
export async function pack(frames) {
  const packed = [];
  for (const [index, frame] of frames.entries()) {
    await new Promise((done) => setTimeout(done));
    const before = frames[index - 1]?.latent;
    const one = known.get(frame) ?? (await packFrame(frame, before, index === frames.length - 1));
    known.set(frame, one);
    packed.push(one);
  }
  return packed;
}

/**
 * @param {PackedFrame[]} packed
 * @returns {Promise<Frame[]>} their attention is widened anew whenever it is read
 */
export function unpack(packed) {
  return Promise.all(
    packed.map(async (one) => {
      const { attention, maps, meanMaps, preview, ...rest } = one;
      /** @type {Frame} */
      const frame = {
        ...rest,
        attention: readable(attention),
        maps: widen(maps),
        meanMaps: widen(meanMaps),
        preview: preview instanceof Blob ? (await readPictures(preview))[0] : preview,
      };
      known.set(frame, one);
      return frame;
    }),
  );
}

/** @param {PackedFrame[]} packed @returns {number} bytes that they take; what they share counts once */
export function bytesOf(packed) {
  /** @type {Map<object, number>} */
  const sizes = new Map();
  for (const { preview, attention, maps, meanMaps, ...rest } of packed) {
    sizes.set(preview, preview instanceof Blob ? preview.size : preview.data.byteLength);
    const rounded = [...Object.values(attention), maps, meanMaps].flatMap(({ levels, ends }) => [
      levels,
      ends,
    ]);
    for (const array of [...Object.values(rest), ...rounded])
      if (ArrayBuffer.isView(array)) sizes.set(array, array.byteLength);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/**
 * @param {Frame} frame
 * @param {Float32Array | undefined} before the latent that the step before ended with, which is what this one began with
 * @param {boolean} last the finished picture is kept as it is
 * @returns {Promise<PackedFrame>}
 */
async function packFrame(frame, before, last) {
  const { decoded: _, ...kept } = frame; // it is decoded again when it is looked at
  const { latentIn, words } = kept;
  return {
    ...kept,
    latentIn: before && same(before, latentIn) ? before : latentIn,
    attention: Object.fromEntries(
      Object.entries(frame.attention).map(([side, maps]) => [
        side,
        round(maps, maps.length / Number(side) ** 2),
      ]),
    ),
    maps: round(frame.maps, words.length),
    meanMaps: round(frame.meanMaps, words.length),
    preview: await writePicture(frame.preview, last),
  };
}

/**
 * @param {Record<string, Rounded>} attention
 * @returns {Record<string, Float32Array>}
 */
function readable(attention) {
  const out = {};
  for (const [side, rounded] of Object.entries(attention))
    Object.defineProperty(out, side, { get: () => widen(rounded), enumerable: true });
  return out;
}

/** @param {Float32Array} values @param {number} rows of one length @returns {Rounded} */
export function round(values, rows) {
  const levels = new Uint8Array(values.length);
  const ends = new Float32Array(2 * rows);
  const length = values.length / rows;
  for (let row = 0; row < rows; row++) {
    const from = row * length;
    let [low, high] = [values[from], values[from]];
    for (let k = from; k < from + length; k++) {
      if (values[k] < low) low = values[k];
      if (values[k] > high) high = values[k];
    }
    ends.set([low, high], 2 * row);
    const scale = 255 / (high - low || 1);
    for (let k = from; k < from + length; k++) levels[k] = Math.round((values[k] - low) * scale);
  }
  return { levels, ends };
}

/** @param {Rounded} rounded @returns {Float32Array} */
export function widen({ levels, ends }) {
  const values = new Float32Array(levels.length);
  const length = (2 * levels.length) / ends.length;
  for (let row = 0; row < ends.length / 2; row++) {
    const [low, high] = ends.subarray(2 * row, 2 * row + 2);
    const scale = (high - low) / 255;
    for (let k = row * length; k < (row + 1) * length; k++) values[k] = low + levels[k] * scale;
  }
  return values;
}

/** @param {Float32Array} ours @param {Float32Array} theirs */
function same(ours, theirs) {
  return ours.length === theirs.length && ours.every((value, index) => value === theirs[index]);
}
