/**
 * Half floats (IEEE 754 binary16): arrays that are kept for long and read seldom take half the room, at 11 bits of
 * precision.
 */

const LARGE = 1 << 18; // bytes from which an array is worth it

/** The browser's own half floats; not all have them. @type {any} */
const Native = /** @type {any} */ (globalThis).Float16Array;

/**
 * The same arrays by name, large ones kept as half floats and made Float32Arrays anew at every reading.
 *
 * @param {Record<string, Float32Array>} arrays
 * @returns {Record<string, Float32Array>}
 */
export function compact(arrays) {
  /** @type {Record<string, Float32Array>} */
  const out = {};
  for (const [name, values] of Object.entries(arrays)) {
    if (values.byteLength < LARGE) {
      Object.defineProperty(out, name, { value: values, enumerable: true });
      continue;
    }
    const kept = toHalf(values);
    Object.defineProperty(out, name, { get: () => fromHalf(kept), enumerable: true });
  }
  return out;
}

/** @param {Float32Array} values @returns {any} half the bytes; for `fromHalf` alone to read */
export function toHalf(values) {
  return Native ? new Native(values) : Uint16Array.from(values, narrow);
}

/** @param {any} kept by `toHalf` @returns {Float32Array} */
export function fromHalf(kept) {
  return kept instanceof Uint16Array ? Float32Array.from(kept, widen) : new Float32Array(kept);
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** @param {number} value @returns {number} bits of the nearest half float, ties to even */
export function narrow(value) {
  scratch[0] = value;
  const sign = (scratchBits[0] >>> 16) & 0x8000;
  const bits = scratchBits[0] & 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00; // no number
  if (bits >= 0x477ff000) return sign | 0x7c00; // 65520 and more: infinity
  // Below 2^-14 halves are 2^-24 apart, as float32 values from 0.5 to 1 are: adding 0.5 rounds.
  if (bits < 0x38800000) return sign | ((Math.fround(Math.abs(value) + 0.5) - 0.5) * 2 ** 24);
  return sign | ((bits - 0x38000000 + 0xfff + ((bits >>> 13) & 1)) >>> 13);
}

/** @param {number} half bits @returns {number} its value, exactly */
export function widen(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
