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
 * @property {number} shown words in sight at the left; above the frame all, as far as the row reaches
 * @property {number} pitch from one word at the left to the next
 * @property {(place: number) => number} entry where a thread enters the frame: y of the nth word in sight where the
 *   words are at the left, and after the last of them of those out of sight; x of the nth word where they are above
 * @property {{ guidance: [number, number], sampler: [number, number], latent: [number, number] }} plates centres;
 *   under the words, of guidance and latent the middle of the side that touches the mat
 */

export const WORD = 44;
export const ENCODER = { x: 224, width: 84 };
const LIST = 8 * WORD; // height of the words at the left
const ROWS = 12; // that it is divided into at the most
const FAN = { pitch: 33, most: 231 }; // where the threads enter: from one to the next, and from first to last

// The stage under its words: how far the winding reaches in and the threads fall, on a high screen and on a low one.
const ROOMY = { band: 50, fall: 50 };
const TIGHT = { band: 30, fall: 28 };
const SMALL = 200; // a picture below this gets the room of a thinner frame
const SMALLEST = 128;
const PLATE = 44; // height of the sampler's plate, which stands out over a thin frame

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
  // Of more words than rows the last row says how many are out of sight.
  const rows = Math.min(words, ROWS);
  const shown = words > ROWS ? ROWS - 1 : rows;
  const pitch = Math.min(WORD, LIST / Math.max(1, rows));
  const fan = Math.min(FAN.pitch, FAN.most / Math.max(1, rows - 1));
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
    pitch,
    entry: (place) => middle + (place - (rows - 1) / 2) * fan,
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
 * @param {number} room height that the screen has for the stage: the picture should be seen whole
 * @returns {Geometry}
 */
export function narrow(width, steps, words, room) {
  const mat = 8;
  const caption = 32;
  const fits = (/** @type {{ band: number, fall: number }} */ { band, fall }) =>
    Math.min(
      Math.min(width - 2 * (ROOMY.band - band), 560) - 2 * mat,
      room - WORD - fall - mat - caption - Math.max(0, PLATE - band),
    ) -
    2 * band;
  const { band, fall } = fits(ROOMY) < SMALL && fits(ROOMY) < fits(TIGHT) - 40 ? TIGHT : ROOMY;
  const size = Math.max(SMALLEST, fits({ band, fall }));
  const above = WORD + fall;
  const side = size + 2 * band + 2 * mat;
  const frame = { x: (width - side) / 2, y: above, width: side, height: size + mat + caption + 2 * band };
  const laps = lapsOf(steps);
  const within = inside(frame, band, mat, caption);
  return {
    kind: "narrow",
    width,
    height: above + frame.height + Math.max(0, PLATE - band),
    frame,
    band,
    laps,
    gap: band / laps,
    amplitude: 0.068 * band,
    radius: 12,
    caption,
    ...within,
    shown: words,
    pitch: 0,
    entry: (index) => within.picture.x + 6 + (size - 12) * (words > 1 ? index / (words - 1) : 0.5),
    plates: {
      guidance: [within.mat.x + within.mat.width + 1, frame.y + frame.height / 2 - 10],
      sampler: [frame.x + side / 2, frame.y + frame.height - band + PLATE / 2 + 1],
      latent: [within.mat.x - 1, frame.y + frame.height / 2 - 10],
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
    pitch: 0,
    entry: () => 0,
    plates: { guidance: [0, 0], sampler: [0, 0], latent: [0, 0] },
  };
}
