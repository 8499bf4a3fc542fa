// Latents to pixels: single channels in signed colours, and all channels together as a colour view.

/**
 * @typedef {object} LatentShape The manifest's `latent`.
 * @property {number} channels
 * @property {number} height
 * @property {number} width
 * @property {[number, number]} range The lowest and highest value that is shown, the same for a whole run; symmetric.
 * @property {{weight: number[][], bias: number[]}} rgb Linear fit from channels to red, green and blue, 0-1.
 */

/**
 * One channel of a latent in diverging colours, symmetric about zero.
 * @param {Float32Array} values `[C, h, w]`.
 * @param {number} channel From 0.
 * @param {LatentShape} shape
 * @param {Uint8ClampedArray} ramp 256 colours; the middle one is zero.
 * @returns {ImageData} w × h.
 */
export function channelImage(values, channel, shape, ramp) {
  const size = shape.height * shape.width;
  const [low, high] = shape.range;
  const image = new ImageData(shape.width, shape.height);
  for (let p = 0; p < size; p++) {
    const share = (values[channel * size + p] - low) / (high - low);
    const level = Math.max(0, Math.min(255, Math.round(share * 255)));
    image.data.set([ramp[level * 3], ramp[level * 3 + 1], ramp[level * 3 + 2], 255], p * 4);
  }
  return image;
}

/** The colour view of each array, which several places show. @type {WeakMap<Float32Array, ImageData>} */
const views = new WeakMap();
const CONTRAST = 0.26; // root mean square distance from the mean colour at the most; pictures have about this

/**
 * All channels of a latent as one picture, by the exporter's linear fit. The fit is made for clean latents; noise
 * would burn out, so what has more contrast than a picture is shown with less, as a camera would.
 * @param {Float32Array} values `[C, h, w]`, of one model, and not changed afterwards.
 * @param {LatentShape} shape
 * @returns {ImageData} w × h.
 */
export function colourImage(values, shape) {
  const known = views.get(values);
  if (known) return known;
  const size = shape.height * shape.width;
  const { weight, bias } = shape.rgb;
  const colours = new Float32Array(size * 3);
  let square = 0;
  for (let p = 0; p < size; p++) {
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let k = 0; k < shape.channels; k++) sum += values[k * size + p] * weight[k][c];
      colours[p * 3 + c] = sum;
      square += sum * sum;
    }
  }
  const exposure = Math.min(1, CONTRAST / Math.sqrt(square / (size * 3) || 1));
  const image = new ImageData(shape.width, shape.height);
  for (let p = 0; p < size; p++) {
    for (let c = 0; c < 3; c++) {
      image.data[p * 4 + c] = Math.round((bias[c] + colours[p * 3 + c] * exposure) * 255);
    }
    image.data[p * 4 + 3] = 255;
  }
  views.set(values, image);
  return image;
}

/**
 * The difference of two latents, for showing what one has that the other has not.
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @returns {Float32Array} a − b.
 */
export function difference(a, b) {
  return a.map((value, i) => value - b[i]);
}
