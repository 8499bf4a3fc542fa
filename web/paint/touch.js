// A latent under the hand: patches painted, covered with noise, copied and moved. Arrays are [C, h, w]; none is changed, each
// touch gives a new one.

/**
 * @typedef {{ channels: number, height: number, width: number }} Shape
 * @typedef {{ x: number, y: number }} Cell column and row, from 0
 */

/**
 * @param {Shape} shape
 * @param {Cell} middle
 * @param {number} size cells along a side
 * @returns {{ left: number, top: number, right: number, bottom: number }} the square of that size round a cell, as far as it
 *   lies in the latent; right and bottom are the first cells outside
 */
export function patch({ height, width }, { x, y }, size) {
  const left = x - Math.floor((size - 1) / 2);
  const top = y - Math.floor((size - 1) / 2);
  return {
    left: Math.max(0, left),
    top: Math.max(0, top),
    right: Math.min(width, left + size),
    bottom: Math.min(height, top + size),
  };
}

/**
 * @param {Cell} from
 * @param {Cell} to
 * @returns {Cell[]} the cells on the way, so that a quick finger leaves no gaps; both ends included
 */
export function way(from, to) {
  const count = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return Array.from({ length: count + 1 }, (_, k) => ({
    x: Math.round(from.x + ((to.x - from.x) * k) / (count || 1)),
    y: Math.round(from.y + ((to.y - from.y) * k) / (count || 1)),
  }));
}

/**
 * @param {Float32Array} values
 * @param {Shape} shape
 * @param {Cell} middle
 * @param {number} size
 * @param {(channel: number) => number} value of each cell
 */
export function filled(values, shape, middle, size, value) {
  const { left, top, right, bottom } = patch(shape, middle, size);
  const touched = values.slice();
  for (let c = 0; c < shape.channels; c++)
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) touched[(c * shape.height + y) * shape.width + x] = value(c);
  return touched;
}

/**
 * Put a patch elsewhere; what would lie outside is lost.
 *
 * @param {Float32Array} values that it is taken from
 * @param {Shape} shape
 * @param {{ from: Cell, to: Cell, size: number }} move the patch's middle before and after
 * @param {Float32Array} [onto] what it is put onto
 */
export function moved(values, shape, { from, to, size }, onto = values) {
  const { left, top, right, bottom } = patch(shape, from, size);
  const touched = onto.slice();
  for (let c = 0; c < shape.channels; c++) {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const [there, down] = [x + to.x - from.x, y + to.y - from.y];
        if (there < 0 || there >= shape.width || down < 0 || down >= shape.height) continue;
        touched[(c * shape.height + down) * shape.width + there] =
          values[(c * shape.height + y) * shape.width + x];
      }
    }
  }
  return touched;
}

/**
 * Normal random numbers, to cover a cell with noise.
 *
 * @param {number} deviation
 * @param {() => number} [random] between 0 and 1
 */
export function noise(deviation, random = Math.random) {
  return () => deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * A colour as a latent's cell: of all that the model's linear fit shows in this colour, the one with the smallest numbers.
 *
 * @param {number[]} colour red, green and blue, 0-1
 * @param {{ weight: number[][], bias: number[] }} rgb from channels to colours
 * @returns {number[]} one number a channel
 */
export function cellOf(colour, { weight, bias }) {
  // W (Wᵀ W)⁻¹ (colour - bias), by Cramer's rule.
  const square = bias.map((_, i) =>
    bias.map((_, j) => weight.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
  const wanted = colour.map((part, i) => part - bias[i]);
  const all = determinant(square);
  const mix = bias.map(
    (_, j) => determinant(square.map((row, i) => row.map((x, k) => (k === j ? wanted[i] : x)))) / all,
  );
  return weight.map((row) => row.reduce((sum, part, i) => sum + part * mix[i], 0));
}

/** @param {number[][]} m 3 × 3 */
function determinant([[a, b, c], [d, e, f], [g, h, i]]) {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
