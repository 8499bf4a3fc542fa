/**
 * Where the words' threads begin and enter the frame. The words of a long prompt are not all in sight: the threads of
 * the others run together as a bundle, so that nobody takes the words in sight for all there are.
 *
 * @import { Geometry } from "./geometry.js"
 */
import { WORD } from "./geometry.js";

const GAP = 7; // from a word to its socket
const STRAND = 2.2; // from thread to thread of a bundle
const BUNDLE = 16; // its width at the most

/**
 * In units of the stage.
 * @typedef {{ x: number, y: number, entry: number, hidden: "" | "before" | "after" }} Socket `hidden` where the word is
 *   out of sight, before or after those in sight
 */

/**
 * @param {HTMLElement} list of the words
 * @param {HTMLElement} cue what says that there are more
 * @param {Geometry} geometry
 * @param {number} unit pixels of a unit
 * @returns {Socket[]} one a word
 */
export function findSockets(list, cue, geometry, unit) {
  const upright = geometry.kind === "wide";
  const stage = /** @type {Element} */ (list.parentElement).getBoundingClientRect();
  const area = list.getBoundingClientRect();
  const first = upright ? Math.round(list.scrollTop / (geometry.pitch * unit)) : 0;
  /** @type {Socket[]} */
  const sockets = [];
  for (const [index, button] of [...list.children].entries()) {
    const box = /** @type {Element} */ (button.firstChild).getBoundingClientRect();
    const middle = (box.left + box.right) / 2;
    const place = index - first;
    const before = upright ? place < 0 : middle < area.left;
    const after = upright ? place >= geometry.shown : middle > area.right;
    const hidden = before ? "before" : after ? "after" : "";
    if (upright) {
      const x = (hidden ? cue.getBoundingClientRect().right : box.right) - stage.left;
      const y = hidden
        ? list.offsetTop / unit + (geometry.shown + 0.5) * geometry.pitch
        : ((box.top + box.bottom) / 2 - stage.top) / unit;
      sockets.push({ x: x / unit + GAP, y, entry: geometry.entry(hidden ? geometry.shown : place), hidden });
    } else {
      const x = before ? area.left : after ? area.right + cue.offsetWidth / 2 : middle;
      sockets.push({ x: (x - stage.left) / unit, y: WORD, entry: geometry.entry(index), hidden });
    }
  }
  const bundles = upright ? [["before", "after"]] : [["before"], ["after"]];
  for (const ends of bundles) {
    const bundle = sockets.filter(({ hidden }) => ends.includes(hidden));
    for (const [k, socket] of bundle.entries()) {
      const aside = (k - (bundle.length - 1) / 2) * Math.min(STRAND, BUNDLE / bundle.length);
      if (upright) {
        socket.y += aside;
        socket.entry += aside;
      } else socket.x += aside;
    }
  }
  return sockets;
}
