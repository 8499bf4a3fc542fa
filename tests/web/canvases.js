/** The browser's pictures and canvases, as far as runs are packed with them, and frames to pack. */

/** Bytes of a file for each pixel: more than they take of a picture. */
const BYTES = { "image/webp": 3 / 8, "image/png": 3 };

globalThis.ImageData ??= /** @type {any} */ (
  class {
    constructor(/** @type {any} */ data, /** @type {number} */ width, /** @type {number} */ height) {
      Object.assign(this, { data, width, height });
    }
  }
);

/** A file remembers the picture that it was made of. */
const pictures = new WeakMap();

/** Give the browser its canvases. */
export function install() {
  Object.assign(globalThis, {
    OffscreenCanvas: class {
      getContext() {
        return { putImageData: (picture) => Object.assign(this, { picture }) };
      }
      async convertToBlob({ type }) {
        const { width, height } = this.picture;
        const file = new Blob([new Uint8Array(width * height * BYTES[type])], { type });
        pictures.set(file, this.picture);
        return file;
      }
    },
    createImageBitmap: async (file) => pictures.get(file),
    document: {
      createElement: () => ({
        getContext: () => ({
          drawImage(picture) {
            this.picture = picture;
          },
          getImageData() {
            return this.picture;
          },
        }),
      }),
    },
  });
}

const made = new Map();

/** Numbers from 0 to 1 without a pattern, the same every time. @param {number} length @returns {Float32Array} */
export function values(length) {
  if (made.has(length)) return made.get(length).slice();
  const numbers = new Float32Array(length);
  let state = length;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    numbers[index] = state / 2 ** 32;
  }
  made.set(length, numbers);
  return numbers.slice();
}

/**
 * A frame as a run of such a model has it; `side` is the latent's.
 *
 * @param {{ side?: number, picture?: number, words?: number, step?: number, steps?: number }} [shape]
 * @returns {any}
 */
export function frame({ side = 16, picture = 128, words = 8, step = 1, steps = 1 } = {}) {
  const latent = () => values(4 * side * side);
  const sides = [side, side / 2, side / 4, side / 8].filter((one) => one >= 4);
  return {
    step,
    steps,
    words: Array.from({ length: words }, (_, index) => ({ text: `${index}`, tokens: [index], share: 0.1 })),
    ms: { unet: 1, step: 1, attention: 1, decode: 1 },
    latentIn: latent(),
    latent: latent(),
    x0: latent(),
    epsUncond: latent(),
    epsCond: latent(),
    eps: latent(),
    attention: Object.fromEntries(sides.map((one) => [one, values(77 * one * one)])),
    maps: values(words * side * side),
    meanMaps: values(words * side * side),
    preview: new ImageData(new Uint8ClampedArray(4 * picture * picture), picture, picture),
  };
}
