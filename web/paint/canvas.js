// Images onto canvases, and canvases in the screen's own pixels.

/** What each canvas holds: the same image is not painted twice. @type {WeakMap<HTMLCanvasElement, ImageData>} */
const held = new WeakMap();

/**
 * Give a canvas the image's own size and put it there; the style sheet enlarges it.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} image
 */
export function put(canvas, image) {
  if (held.get(canvas) === image) return;
  held.set(canvas, image);
  if (canvas.width !== image.width) canvas.width = image.width;
  if (canvas.height !== image.height) canvas.height = image.height;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * Put an image file on a canvas of its size, as soon as it is read.
 * @param {HTMLCanvasElement} canvas
 * @param {Blob} file
 */
export async function putFile(canvas, file) {
  const bitmap = await createImageBitmap(file);
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
}

/**
 * Take off a canvas what was put there.
 * @param {HTMLCanvasElement} canvas
 */
export function clear(canvas) {
  if (!held.delete(canvas)) return;
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
}

/**
 * Draw an image enlarged with sharp, even pixels, whatever the ratio: first to the next whole multiple without
 * smoothing, then down to the canvas with it.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} image
 * @param {number} width CSS pixels.
 */
export function enlargeSharp(canvas, image, width) {
  const pixels = Math.max(1, Math.round(width * devicePixelRatio));
  const height = Math.round((pixels * image.height) / image.width);
  if (held.get(canvas) === image && canvas.width === pixels) return;
  held.set(canvas, image);
  if (canvas.width !== pixels) canvas.width = pixels;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const small = scratch("small", image.width, image.height);
  small.putImageData(image, 0, 0);
  const times = Math.max(1, Math.ceil(pixels / image.width));
  const large = scratch("large", image.width * times, image.height * times);
  large.imageSmoothingEnabled = false;
  large.drawImage(small.canvas, 0, 0, large.canvas.width, large.canvas.height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(large.canvas, 0, 0, canvas.width, canvas.height);
}

/** @type {WeakMap<ImageData, ImageData>} */
const thumbnails = new WeakMap();
const THUMBNAIL = 128; // pixels across that a small picture shows at the most

/**
 * The same image for a small place: what is larger costs time and room that nobody sees.
 * @param {ImageData} image
 * @returns {ImageData} at most 128 pixels wide; made once for each image
 */
export function thumbnail(image) {
  if (image.width <= THUMBNAIL) return image;
  let small = thumbnails.get(image);
  if (!small) {
    const height = Math.round((image.height * THUMBNAIL) / image.width);
    const from = scratch("small", image.width, image.height);
    from.putImageData(image, 0, 0);
    const to = scratch("thumbnail", THUMBNAIL, height);
    to.imageSmoothingQuality = "high";
    to.drawImage(from.canvas, 0, 0, THUMBNAIL, height);
    small = to.getImageData(0, 0, THUMBNAIL, height);
    thumbnails.set(image, small);
  }
  return small;
}

/** @type {Map<string, HTMLCanvasElement>} */
const scratches = new Map();

/**
 * @param {string} name
 * @param {number} width
 * @param {number} height
 * @returns {CanvasRenderingContext2D}
 */
function scratch(name, width, height) {
  const canvas = scratches.get(name) ?? document.createElement("canvas");
  scratches.set(name, canvas);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/**
 * Size a canvas in the screen's pixels and make one unit of drawing one unit of the stage (1/16 rem).
 * @param {HTMLCanvasElement} canvas
 * @param {number} width Units.
 * @param {number} height Units.
 * @param {number} unit CSS pixels a unit.
 * @returns {CanvasRenderingContext2D} Cleared.
 */
export function inUnits(canvas, width, height, unit) {
  const scale = unit * devicePixelRatio;
  const w = Math.ceil(width * scale);
  const h = Math.ceil(height * scale);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, w, h);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}
