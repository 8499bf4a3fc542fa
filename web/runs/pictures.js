/** Pictures as image files: read, and made where the browser has a canvas for it. */

const QUALITY = 0.9;

/**
 * @param {Blob} image `count` pictures of one size, one below the other
 * @param {number} [count]
 * @returns {Promise<ImageData[]>}
 */
export async function readPictures(image, count = 1) {
  const bitmap = await createImageBitmap(image);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  context.drawImage(bitmap, 0, 0);
  const height = bitmap.height / count;
  return Array.from({ length: count }, (_, index) =>
    context.getImageData(0, index * height, bitmap.width, height),
  );
}

/**
 * @param {ImageData} picture
 * @param {boolean} exact as PNG; else as WebP, which rounds
 * @returns {Promise<Blob | ImageData>} the picture itself where the browser cannot make a file of it
 */
export async function writePicture(picture, exact) {
  if (!globalThis.OffscreenCanvas) return picture;
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
  // Browsers that write no WebP give a PNG.
  const type = exact ? "image/png" : "image/webp";
  return canvas.convertToBlob({ type, quality: QUALITY }).catch(() => picture);
}
