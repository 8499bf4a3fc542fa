// Where two pictures differ: what changed keeps its colours, the rest pales.

const KEPT = 0.25; // of a tone, where nothing changed

/**
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
