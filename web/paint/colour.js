// Colours: the page's tokens as numbers, and the ramps that arrays are painted with.

const LEVELS = 256;

/**
 * A colour token of the page as red, green and blue.
 * @param {string} token A custom property, for instance `--att-0`, written as six hexadecimal digits.
 * @returns {[number, number, number]} 0-255.
 */
export function rgb(token) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  const value = Number.parseInt(text.slice(1), 16) || 0;
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * A table of colours, linear between its stops.
 * @param {[number, number, number][]} stops At even distances.
 * @returns {Uint8ClampedArray} 256 colours, RGB one after the other.
 */
function table(stops) {
  const out = new Uint8ClampedArray(LEVELS * 3);
  for (let level = 0; level < LEVELS; level++) {
    const at = (level / (LEVELS - 1)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) {
      out[level * 3 + c] = stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (at - low);
    }
  }
  return out;
}

/**
 * @typedef {object} Palette
 * @property {Uint8ClampedArray} signed Diverging: below, at and above zero.
 * @property {Uint8ClampedArray} attention One hue, strictly monotonic in lightness.
 * @property {boolean} dark Whether attention is light on dark.
 */

/** @type {Map<string, Palette>} */
const palettes = new Map();

/**
 * The ramps of the theme that the page wears now.
 * @returns {Palette}
 */
export function palette() {
  const theme = document.documentElement.dataset.theme ?? "light";
  const known = palettes.get(theme);
  if (known) return known;
  const made = {
    signed: table(["--div-n2", "--div-n1", "--div-0", "--div-p1", "--div-p2"].map(rgb)),
    attention: table(["--att-0", "--att-1", "--att-2", "--att-3", "--att-4"].map(rgb)),
    dark: theme === "dark",
  };
  palettes.set(theme, made);
  return made;
}

/** The ramp that each canvas holds. @type {WeakMap<HTMLCanvasElement, Uint8ClampedArray>} */
const ramps = new WeakMap();

/**
 * Paint a ramp from its lowest to its highest value along a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8ClampedArray} ramp 256 colours.
 */
export function paintRamp(canvas, ramp) {
  if (ramps.get(canvas) === ramp) return;
  ramps.set(canvas, ramp);
  const image = new ImageData(LEVELS, 1);
  for (let level = 0; level < LEVELS; level++) {
    image.data.set([ramp[level * 3], ramp[level * 3 + 1], ramp[level * 3 + 2], 255], level * 4);
  }
  canvas.width = LEVELS;
  canvas.height = 1;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
