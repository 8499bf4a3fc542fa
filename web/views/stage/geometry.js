/**
 * Where everything on the stage stands, in units of 1/16 rem. Three arrangements: words at the left of the frame
 * (wide), words above it with the loop a quarter turn on (narrow), and the bare frame beside an opened part.
 *
 * @import { Box } from "../../paint/line.js"
 */

const PICTURE = 256;
const MAT = 12;
const MOST_LAPS = 20;

/**
 * @typedef {object} Geometry
 * @property {"wide" | "narrow" | "bare"} kind
 * @property {number} width
 * @property {number} height
 * @property {Box} frame outer edge of the winding
 * @property {number} band how far the winding reaches in
 * @property {number} laps
 * @property {number} gap between laps
 * @property {number} amplitude shift of the line for one standard deviation of pure noise
 * @property {number} radius of the winding's corners
 * @property {Box} mat
 * @property {Box} picture
 * @property {number} caption height of the mat under the picture
 * @property {number} shown words in sight
 * @property {(index: number) => number} entry where the thread of the nth word in sight enters the frame:
 *   y where the words are at the left, x where they are above
 * @property {{ guidance: [number, number], sampler: [number, number], latent: [number, number] }} plates centres
 */

export const WORD = 44;
export const ENCODER = { x: 224, width: 84 };
const WORDS_IN_SIGHT = 8;

/** @param {number} steps of the run; more than 20 share laps */
const lapsOf = (steps) => Math.max(1, Math.min(MOST_LAPS, steps));

/**
 * @param {Box} frame
 * @param {number} band
 * @param {number} mat
 * @param {number} caption
 */
function inside(frame, band, mat, caption) {
  const x = frame.x + band;
  const y = frame.y + band;
  const size = frame.width - 2 * band - 2 * mat;
  return {
    mat: { x, y, width: size + 2 * mat, height: size + mat + caption },
    picture: { x: x + mat, y: y + mat, width: size, height: size },
  };
}

/**
 * @param {number} width of the stage
 * @param {number} steps
 * @param {number} words
 * @returns {Geometry}
 */
export function wide(width, steps, words) {
  const band = 72;
  const caption = 40;
  const side = PICTURE + 2 * MAT + 2 * band;
  const frame = { x: width - side, y: 0, width: side, height: PICTURE + MAT + caption + 2 * band };
  const laps = lapsOf(steps);
  const shown = Math.min(words, WORDS_IN_SIGHT);
  const middle = frame.y + frame.height / 2 - 4;
  return {
    kind: "wide",
    width,
    height: frame.height,
    frame,
    band,
    laps,
    gap: band / laps,
    amplitude: 4.6,
    radius: 16,
    caption,
    ...inside(frame, band, MAT, caption),
    shown,
    entry: (index) => middle + (index - (shown - 1) / 2) * 33,
    plates: {
      guidance: [frame.x + side / 2, frame.y + band / 2],
      sampler: [frame.x + side - band / 2 + 6, frame.y + frame.height / 2 - 6],
      latent: [frame.x + side / 2, frame.y + frame.height - band / 2 + 1],
    },
  };
}

/**
 * @param {number} width
 * @param {number} steps
 * @param {number} words
 * @returns {Geometry}
 */
export function narrow(width, steps, words) {
  const band = 50;
  const mat = 8;
  const caption = 32;
  const above = WORD + 50;
  const side = Math.min(width, 560);
  const size = side - 2 * band - 2 * mat;
  const frame = { x: (width - side) / 2, y: above, width: side, height: size + mat + caption + 2 * band };
  const laps = lapsOf(steps);
  const within = inside(frame, band, mat, caption);
  return {
    kind: "narrow",
    width,
    height: above + frame.height,
    frame,
    band,
    laps,
    gap: band / laps,
    amplitude: 3.4,
    radius: 12,
    caption,
    ...within,
    shown: words,
    entry: (index) => within.picture.x + 6 + (size - 12) * (words > 1 ? index / (words - 1) : 0.5),
    plates: {
      guidance: [frame.x + side - band / 2, frame.y + frame.height / 2 - 10],
      sampler: [frame.x + side / 2, frame.y + frame.height - band / 2],
      latent: [frame.x + band / 2, frame.y + frame.height / 2 - 10],
    },
  };
}

/**
 * @param {number} steps
 * @returns {Geometry}
 */
export function bare(steps) {
  const band = 40;
  const caption = 36;
  const side = PICTURE + 2 * MAT + 2 * band;
  const height = PICTURE + MAT + caption + 2 * band;
  const frame = { x: 0, y: (452 - height) / 2, width: side, height };
  const laps = lapsOf(steps);
  return {
    kind: "bare",
    width: side,
    height: 452,
    frame,
    band,
    laps,
    gap: band / laps,
    amplitude: 2.9,
    radius: 12,
    caption,
    ...inside(frame, band, MAT, caption),
    shown: 0,
    entry: () => 0,
    plates: { guidance: [0, 0], sampler: [0, 0], latent: [0, 0] },
  };
}
