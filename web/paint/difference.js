// Where two pictures differ, and by what.

const KEPT = 0.25; // of a tone, where nothing changed
const LOUD = 44; // root mean square of the colours' distance from grey, of 128, that is easily seen
const MOST = 32; // times; beyond that a rounding is seen

/**
 * What changed keeps its colours, the rest pales.
 * @param {ImageData} picture
 * @param {Uint8Array} marks One a pixel, 1 where it changed.
 * @param {boolean} dark Whether what pales goes towards black.
 * @returns {ImageData}
 */
export function marked(picture, marks, dark) {
  const out = new ImageData(picture.width, picture.height);
  const ground = dark ? 0 : 255;
  for (let p = 0; p < marks.length; p++) {
    const i = p * 4;
    const [r, g, b] = picture.data.subarray(i, i + 3);
    const grey = 0.3 * r + 0.59 * g + 0.11 * b;
    const pale = ground + KEPT * (grey - ground);
    for (let c = 0; c < 3; c++) out.data[i + c] = marks[p] ? picture.data[i + c] : pale;
    out.data[i + 3] = 255;
  }
  return out;
}

/**
 * One picture less another on grey, larger by a factor that is said beside it.
 * @param {ImageData} minuend
 * @param {ImageData} subtrahend of the same size
 * @returns {{ image: ImageData, gain: number }} `gain` a power of two, 1 to 32
 */
export function amplified(minuend, subtrahend) {
  const [a, b] = [minuend.data, subtrahend.data];
  let square = 0;
  for (let i = 0; i < a.length; i++) if (i % 4 < 3) square += (a[i] - b[i]) ** 2;
  const size = Math.sqrt(square / ((a.length * 3) / 4));
  const gain = 2 ** Math.max(0, Math.min(Math.log2(MOST), Math.floor(Math.log2(LOUD / (size || 1)))));
  const data = new Uint8ClampedArray(a.length);
  for (let i = 0; i < a.length; i++) data[i] = i % 4 < 3 ? 128 + gain * (a[i] - b[i]) : 255;
  return { image: new ImageData(data, minuend.width, minuend.height), gain };
}
