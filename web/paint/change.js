// What changed from one picture to the next, in signed colours.

const MOST = 48; // of 255: the change of lightness that gets the strongest colour, in every step of every run
const BEND = 0.7; // small changes are lifted, so that the late steps can be read on the same scale

/** What was made of each picture. @type {WeakMap<ImageData, { before: ImageData | null, ramp: Uint8ClampedArray, image: ImageData }>} */
const made = new WeakMap();

/**
 * How much lighter or darker each pixel has become.
 * @param {ImageData} picture
 * @param {ImageData | null} before Of the same size; null for nothing to compare with, which is no change.
 * @param {Uint8ClampedArray} ramp 256 colours: darker, the same in the middle, lighter.
 * @returns {ImageData} Of the same size.
 */
export function changeImage(picture, before, ramp) {
  const known = made.get(picture);
  if (known?.before === before && known.ramp === ramp) return known.image;
  const image = new ImageData(picture.width, picture.height);
  const [now, then] = [picture.data, (before ?? picture).data];
  for (let i = 0; i < now.length; i += 4) {
    const level = 3 * levelOf(lightness(now, i) - lightness(then, i));
    for (let c = 0; c < 3; c++) image.data[i + c] = ramp[level + c];
    image.data[i + 3] = 255;
  }
  made.set(picture, { before, ramp, image });
  return image;
}

/** @param {number} change -255 to 255 @returns {number} 0 to 255, of none 128 */
function levelOf(change) {
  const share = Math.min(1, Math.abs(change) / MOST) ** BEND;
  return Math.round(127.5 + 127.5 * Math.sign(change) * share);
}

/** Rec. 601. @param {Uint8ClampedArray} data @param {number} i */
function lightness(data, i) {
  return 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
}
