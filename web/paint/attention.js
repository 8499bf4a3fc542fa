// Attention to pixels: a magenta stain over the paled picture, and the line round what a word is heard most in.

const CUBIC = -0.75; // the usual bicubic coefficient, the one that the maps were resized with before

/** @param {number} t Distance in source pixels. */
function kernel(t) {
  const d = Math.abs(t);
  if (d < 1) return (CUBIC + 2) * d ** 3 - (CUBIC + 3) * d * d + 1;
  return d < 2 ? CUBIC * (d ** 3 - 5 * d * d + 8 * d - 4) : 0;
}

/** @type {Map<string, {index: Int16Array, weight: Float32Array}>} */
const taps = new Map();

/**
 * The four source pixels and weights of every target pixel.
 * @param {number} from
 * @param {number} to
 */
function tapsOf(from, to) {
  const key = `${from}>${to}`;
  let known = taps.get(key);
  if (!known) {
    known = { index: new Int16Array(to * 4), weight: new Float32Array(to * 4) };
    for (let i = 0; i < to; i++) {
      const centre = ((i + 0.5) * from) / to - 0.5;
      const base = Math.floor(centre) - 1;
      for (let k = 0; k < 4; k++) {
        known.index[i * 4 + k] = Math.max(0, Math.min(from - 1, base + k));
        known.weight[i * 4 + k] = kernel(centre - base - k);
      }
    }
    taps.set(key, known);
  }
  return known;
}

/**
 * A map enlarged for showing; never below zero.
 * @param {Float32Array} map `[side, side]`.
 * @param {number} side
 * @param {number} size Pixels across the result.
 * @returns {Float32Array} `[size, size]`.
 */
export function enlarge(map, side, size) {
  const { index, weight } = tapsOf(side, size);
  const rows = new Float32Array(side * size);
  const out = new Float32Array(size * size);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = x * 4; k < x * 4 + 4; k++) sum += weight[k] * map[y * side + index[k]];
      rows[y * size + x] = sum;
    }
  }
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = y * 4; k < y * 4 + 4; k++) sum += weight[k] * rows[index[k] * size + x];
      out[y * size + x] = Math.max(0, sum);
    }
  }
  return out;
}

/**
 * The least and the most of several arrays together.
 * @param {...Float32Array} arrays
 * @returns {{ low: number, high: number }}
 */
export function extent(...arrays) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of arrays) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return { low, high };
}

/** The line on the picture goes where a word is heard more than this part of the way from its least to its most. */
const THRESHOLD = 0.4; // as DAAM draws it: Tang et al., "What the DAAM", ACL 2023

/**
 * The value of a map at which the line is drawn.
 * @param {Float32Array} map
 */
export function threshold(map) {
  const { low, high } = extent(map);
  return low + THRESHOLD * (high - low);
}

const WASH = 0.3; // how much of the ramp's colour a pixel takes on at the most: what is red still reads as red

/**
 * A picture that keeps its colours where a word is heard, washed with the ramp, and pales where it is not.
 * @param {ImageData} picture
 * @param {Float32Array} map One value a pixel of the picture.
 * @param {{ low: number, high: number }} range What gets the palest and the strongest colour.
 * @param {import("./colour.js").Palette} palette
 * @returns {ImageData}
 */
export function stain(picture, map, { low, high }, palette) {
  const out = new ImageData(picture.width, picture.height);
  const from = picture.data;
  const span = high - low || 1;
  for (let p = 0; p < map.length; p++) {
    const i = p * 4;
    const grey = (0.3 * from[i] + 0.59 * from[i + 1] + 0.11 * from[i + 2]) / 255;
    const share = Math.max(0, Math.min(1, (map[p] - low) / span));
    const level = Math.round(share * 255) * 3;
    const kept = Math.min(1, 0.25 + share * 1.25); // of the colour, before the tone is squeezed less
    for (let c = 0; c < 3; c++) {
      const ink = palette.attention[level + c] / 255;
      const colour = grey + kept * (from[i + c] / 255 - grey);
      // Light: multiply tones squeezed to 62-100 %. Dark: screen over tones squeezed to 4-42 %.
      out.data[i + c] = palette.dark
        ? 255 * (1 - (1 - (0.04 + (0.38 + 0.58 * share) * colour)) * (1 - WASH * ink))
        : 255 * (1 - (0.38 + 0.62 * share) * (1 - colour)) * (1 - WASH * (1 - ink));
    }
    out.data[i + 3] = 255;
  }
  return out;
}

/**
 * What a stain does to a pale grey, from the least to the most: the scale beside the pictures.
 * @param {import("./colour.js").Palette} palette
 * @returns {ImageData} 256 × 1
 */
export function stainScale(palette) {
  const grey = new ImageData(256, 1);
  grey.data.fill(225);
  return stain(
    grey,
    Float32Array.from({ length: 256 }, (_, level) => level),
    { low: 0, high: 255 },
    palette,
  );
}

/** Cell sides as corner pairs and offsets: top, right, bottom, left. */
const SIDES = [
  [0, 1, 0, 0, 1, 0],
  [1, 2, 1, 0, 0, 1],
  [3, 2, 0, 1, 1, 0],
  [0, 3, 0, 0, 0, 1],
];

/**
 * The line at one value of a map (marching squares).
 * @param {Float32Array} map `[size, size]`.
 * @param {number} size
 * @param {number} value
 * @returns {string} An SVG path in a box of 1 × 1.
 */
export function contour(map, size, value) {
  const path = [];
  const at = (/** @type {number} */ v) => (v / size).toFixed(4);
  for (let y = 0; y < size - 1; y++) {
    for (let x = 0; x < size - 1; x++) {
      const p = y * size + x;
      const corners = [map[p], map[p + 1], map[p + size + 1], map[p + size]].map((v) => v - value);
      const points = [];
      for (const [a, b, dx, dy, ux, uy] of SIDES) {
        if (corners[a] > 0 === corners[b] > 0) continue;
        const t = corners[a] / (corners[a] - corners[b]);
        points.push(`${at(x + 0.5 + dx + ux * t)} ${at(y + 0.5 + dy + uy * t)}`);
      }
      for (let i = 0; i + 1 < points.length; i += 2) path.push(`M${points[i]}L${points[i + 1]}`);
    }
  }
  return path.join("");
}

/**
 * What a table or a sentence says of a map.
 * @param {Float32Array} map `[size, size]`.
 * @param {number} size
 * @returns {{ covered: number, peak: { x: number, y: number } | null }} Share of pixels inside the line; where it is
 *   strongest, 0-1, or null where it is nowhere: the word is switched off.
 */
export function summary(map, size) {
  const line = threshold(map);
  let covered = 0;
  let best = 0;
  for (let p = 0; p < map.length; p++) {
    if (map[p] > line) covered++;
    if (map[p] > map[best]) best = p;
  }
  const half = 0.5 / size;
  const peak = { x: (best % size) / size + half, y: Math.floor(best / size) / size + half };
  return { covered: covered / map.length, peak: map[best] > 0 ? peak : null };
}

/**
 * The cells inside the line.
 * @param {Float32Array} map
 * @returns {Uint8Array} 1 inside, 0 outside
 */
export function insideLine(map) {
  const line = threshold(map);
  return Uint8Array.from(map, (value) => (value > line ? 1 : 0));
}
