// The line wound round the picture, one lap a step: where it runs, and how rough it is.

/** Seeded numbers between 0 and 1 (mulberry32), so that the line trembles alike every time. */
function random(/** @type {number} */ seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Normal numbers with a little memory, cut at 2.1 standard deviations.
 * @param {number} length
 * @param {number} seed
 */
export function tremble(length, seed) {
  const next = random(seed);
  const out = new Float32Array(length);
  let memory = 0;
  for (let i = 0; i < length; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    memory = 0.25 * memory + normal;
    out[i] = Math.max(-2.1, Math.min(2.1, memory));
  }
  return out;
}

/**
 * @typedef {object} Line Points every 2 units along the line.
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {Float32Array} nx The normal.
 * @property {Float32Array} ny
 * @property {Float32Array} lap Laps from the start; below 0 on the way in.
 * @property {Float32Array} shake Normal numbers.
 */

const STEP = 2;

/**
 * @typedef {object} Box
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */

/**
 * The corners of a spiral of rectangles, from outside in.
 * @param {Box} box The outer edge.
 * @param {number} gap Between laps.
 * @param {number} laps
 * @param {boolean} upright Whether a lap starts at the bottom left and climbs (else top left, to the right).
 * @returns {[number, number][]}
 */
function corners(box, gap, laps, upright) {
  /** @type {[number, number][]} */
  const out = [];
  for (let k = 0; k < laps; k++) {
    const inset = k * gap + gap / 2;
    const left = box.x + inset;
    const right = box.x + box.width - inset;
    const top = box.y + inset;
    const bottom = box.y + box.height - inset;
    if (upright) {
      if (k === 0) out.push([left, bottom]);
      out.push([left, top], [right, top], [right, bottom], [left + gap, bottom]);
    } else {
      if (k === 0) out.push([left, top]);
      out.push([right, top], [right, bottom], [left, bottom], [left, top + gap]);
    }
  }
  return out;
}

/**
 * The winding: a spiral with rounded corners, four sides a lap.
 * @param {{box: Box, gap: number, laps: number, radius: number, upright: boolean, from?: [number, number],
 *   seed?: number}} shape `from` is where the line comes from before its first lap.
 * @returns {Line}
 */
export function winding({ box, gap, laps, radius, upright, from, seed = 5 }) {
  const path = corners(box, gap, laps, upright);
  const before = from ? 1 : 0;
  if (from) path.unshift(from);
  /** @type {number[][]} */
  const points = [];
  let roundBefore = 0;
  for (let j = 0; j < path.length - 1; j++) {
    const [ax, ay] = path[j];
    const [bx, by] = path[j + 1];
    const length = Math.hypot(bx - ax, by - ay);
    const ux = (bx - ax) / length;
    const uy = (by - ay) / length;
    const next = path[j + 2];
    const inner = Math.max(3, radius - ((j - before) / 4) * 1.2);
    const round = next ? Math.min(inner, length / 2.2, Math.hypot(next[0] - bx, next[1] - by) / 2.2) : 0;
    const side = (q = 0) => (j - before + q) / 4;
    for (let q = roundBefore; q <= length - round; q += STEP) {
      points.push([ax + ux * q, ay + uy * q, -uy, ux, side(q / length)]);
    }
    if (next) {
      const far = Math.hypot(next[0] - bx, next[1] - by);
      const vx = (next[0] - bx) / far;
      const vy = (next[1] - by) / far;
      for (let t = 0.12; t < 1; t += 0.15) {
        // A quadratic curve from the end of this side to the start of the next.
        const x = (1 - t) ** 2 * (bx - ux * round) + 2 * t * (1 - t) * bx + t * t * (bx + vx * round);
        const y = (1 - t) ** 2 * (by - uy * round) + 2 * t * (1 - t) * by + t * t * (by + vy * round);
        const nx = -uy + (uy - vy) * t;
        const ny = ux + (vx - ux) * t;
        const norm = Math.hypot(nx, ny) || 1;
        points.push([x, y, nx / norm, ny / norm, side(1)]);
      }
    }
    roundBefore = round;
  }
  return pack(points, seed);
}

/**
 * A straight line, the winding unrolled.
 * @param {number} width
 * @param {number} y
 * @param {(x: number) => number} lapAt
 * @param {number} [seed]
 * @returns {Line}
 */
export function straight(width, y, lapAt, seed = 11) {
  const points = [];
  for (let x = 0; x <= width; x += STEP) points.push([x, y, 0, 1, lapAt(x)]);
  return pack(points, seed);
}

/**
 * @param {number[][]} points
 * @param {number} seed
 * @returns {Line}
 */
function pack(points, seed) {
  const column = (/** @type {number} */ k) => Float32Array.from(points, (point) => point[k]);
  return {
    x: column(0),
    y: column(1),
    nx: column(2),
    ny: column(3),
    lap: column(4),
    shake: tremble(points.length, seed),
  };
}

/**
 * Add a stretch of the line to the canvas's path.
 * @param {CanvasRenderingContext2D} context
 * @param {Line} line
 * @param {number} from In laps.
 * @param {number} to In laps.
 * @param {(lap: number) => number} [roughness] Units of shift for one standard deviation; none is smooth.
 */
export function trace(context, line, from, to, roughness) {
  let open = false;
  for (let i = 0; i < line.lap.length; i++) {
    const lap = line.lap[i];
    if (lap < from) continue;
    if (lap > to) break;
    const shift = roughness ? roughness(lap) * line.shake[i] : 0;
    const x = line.x[i] + line.nx[i] * shift;
    const y = line.y[i] + line.ny[i] * shift;
    if (open) context.lineTo(x, y);
    else context.moveTo(x, y);
    open = true;
  }
}

/**
 * Where the line is at a lap, and which way it goes.
 * @param {Line} line
 * @param {number} lap
 * @returns {{x: number, y: number, angle: number}} The angle in degrees, 0 to the right.
 */
export function pointAt(line, lap) {
  let i = 0;
  while (i < line.lap.length - 1 && line.lap[i + 1] <= lap) i++;
  const next = Math.min(line.lap.length - 1, i + 1);
  const span = line.lap[next] - line.lap[i];
  const t = span > 0 ? Math.max(0, Math.min(1, (lap - line.lap[i]) / span)) : 0;
  return {
    x: line.x[i] + (line.x[next] - line.x[i]) * t,
    y: line.y[i] + (line.y[next] - line.y[i]) * t,
    angle: (Math.atan2(-line.nx[i], line.ny[i]) * 180) / Math.PI,
  };
}
