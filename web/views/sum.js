/**
 * The sampler's update as a sum of pictures: every factor that the step used, and what it was multiplied with.
 *
 * @import { Frame, State } from "../types"
 */
import { put } from "../paint/canvas.js";
import { colourImage } from "../paint/latent.js";
import { shownFrame, shownModel } from "../state/selectors.js";
import { number, t } from "../text/text.js";
import { fill, h } from "./dom.js";

/**
 * The pictures of an update's terms. What a sampler remembers of earlier steps, and fresh noise, are not in a frame.
 * @type {Record<string, (frame: Frame) => Float32Array>}
 */
const TERMS = { x: (frame) => frame.latentIn, x0: (frame) => frame.x0, eps: (frame) => frame.eps };

/** The frame whose sum each element shows. @type {WeakMap<HTMLElement, Frame>} */
const summed = new WeakMap();

/**
 * @param {HTMLElement} element
 * @param {State} state
 */
export function sum(element, state) {
  const frame = shownFrame(state);
  const shape = shownModel(state)?.latent;
  if (!frame || !shape || summed.get(element) === frame) return;
  summed.set(element, frame);
  /** @param {Float32Array | undefined} values @param {string} caption @param {string} factor */
  const figure = (values, caption, factor) => {
    const canvas = h(
      "canvas",
      values ? { role: "img", "aria-label": caption } : { class: "unseen", "aria-hidden": "true" },
    );
    if (values) put(canvas, colourImage(values, shape));
    return h("figure", {}, h("span", { class: "factor" }, factor), canvas, h("figcaption", {}, caption));
  };
  const operator = (/** @type {string} */ sign) => h("span", { class: "operator" }, sign);
  const parts = Object.entries(frame.update).flatMap(([term, factor], index) => {
    const first = index === 0;
    const sign = factor < 0 ? "−" : "+";
    const size = `${first && factor < 0 ? "−" : ""}${number(Math.abs(factor), 2)} ×`;
    const part = figure(TERMS[term]?.(frame), t(`term.${term}`), size);
    return first ? [part] : [operator(sign), part];
  });
  element.style.setProperty("--terms", String(Object.keys(frame.update).length + 1));
  fill(element, parts, operator("="), figure(frame.latent, t("term.next"), ""));
}
