// A picture of any size in the model's: its middle is cut out, then scaled.

/** @typedef {{ width: number, height: number }} Size */

/**
 * The largest part in the middle that has the other's proportions (CSS's `object-fit: cover`).
 * @param {Size} whole
 * @param {Size} size
 * @returns {{ x: number, y: number, width: number, height: number }} In the whole's pixels.
 */
export function middle(whole, size) {
  const scale = Math.min(whole.width / size.width, whole.height / size.height);
  const [width, height] = [size.width * scale, size.height * scale];
  return { x: (whole.width - width) / 2, y: (whole.height - height) / 2, width, height };
}

/**
 * @param {ImageBitmap | ImageData} whole What it lets through is on white.
 * @param {Size} size
 * @returns {ImageData} Itself, where it has that size already.
 */
export function cover(whole, { width, height }) {
  const fits = whole.width === width && whole.height === height;
  if (fits && whole instanceof ImageData) return whole;
  const context = surface(width, height);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  const part = middle(whole, { width, height });
  const image = whole instanceof ImageData ? surfaceOf(whole) : whole;
  context.drawImage(image, part.x, part.y, part.width, part.height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** @param {ImageData} image */
function surfaceOf(image) {
  const context = surface(image.width, image.height);
  context.putImageData(image, 0, 0);
  return context.canvas;
}

/** @param {number} width @param {number} height @returns {OffscreenCanvasRenderingContext2D} */
export function surface(width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  return /** @type {OffscreenCanvasRenderingContext2D} */ (context);
}
