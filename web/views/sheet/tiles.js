/** Pictures in a row, with signs between them: how the sheets write a sum. */
import { put } from "../../paint/canvas.js";
import { h, say, set } from "../dom.js";

/**
 * @param {ImageData} image
 * @param {string} caption
 * @param {boolean} [soft] whether it is a picture to be scaled smoothly, not numbers to be told apart
 * @returns {HTMLElement}
 */
export function figure(image, caption, soft = false) {
  const canvas = h("canvas", { role: "img", "aria-label": caption, class: soft ? "soft" : "" });
  put(canvas, image);
  return h("figure", {}, canvas, h("figcaption", {}, caption));
}

/**
 * The same for pictures that come later, or change.
 *
 * @param {string} caption
 * @param {boolean} [soft]
 * @returns {{ element: HTMLElement, show: (image: ImageData, caption?: string) => void }}
 */
export function tile(caption, soft = false) {
  const canvas = h("canvas", { role: "img", "aria-label": caption, class: soft ? "soft" : "" });
  const words = h("figcaption", {}, caption);
  const show = (/** @type {ImageData} */ image, said = caption) => {
    put(canvas, image);
    set(canvas, "aria-label", said);
    say(words, said);
  };
  return { element: h("figure", {}, canvas, words), show };
}

/** @param {...(Node | string)} sign */
export function operator(...sign) {
  return h("span", { class: "operator" }, ...sign);
}

/** @param {string} title @param {...Node} children */
export function group(title, ...children) {
  return h("section", { class: "group" }, h("h3", {}, title), h("div", { class: "run" }, ...children));
}
