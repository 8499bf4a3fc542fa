// What is seen of a step through a lens, onto a canvas.

import { enlarge, extent, stain } from "./attention.js";
import { enlargeSharp, put, thumbnail } from "./canvas.js";
import { changeImage } from "./change.js";
import { palette } from "./colour.js";
import { colourImage } from "./latent.js";

/** @typedef {import("../types").Sight} Sight */

const COARSE = 32; // cells across, up to which each is a square that can be seen; more are a picture

/**
 * @param {Sight} sight
 * @param {boolean} [small] for a place of at most 128 pixels across
 * @returns {ImageData} the same object for the same sight, attention aside
 */
export function imageOf(sight, small = false) {
  const fit = small ? thumbnail : (/** @type {ImageData} */ image) => image;
  if (sight.kind === "latent") return colourImage(sight.values, sight.shape);
  const picture = fit(sight.picture);
  if (sight.kind === "change")
    return changeImage(picture, sight.before && fit(sight.before), palette().signed);
  if (sight.kind === "picture") return picture;
  const map = enlarge(sight.map, sight.side, picture.width);
  return stain(picture, map, sight.range ?? extent(map), palette());
}

/**
 * Paint what is seen: a few cells as squares with edges, a picture in sharp pixels where it is large, all else smoothly.
 *
 * @param {HTMLCanvasElement} canvas which the style sheet enlarges smoothly if it is `soft`
 * @param {Sight} sight
 * @param {number} [width] CSS pixels of a large place; a small one is told by none
 */
export function paintSight(canvas, sight, width) {
  const image = imageOf(sight, width === undefined);
  const squares = sight.kind === "latent" && image.width <= COARSE;
  canvas.classList.toggle("soft", !squares);
  if (width === undefined || (sight.kind === "latent" && !squares)) put(canvas, image);
  else enlargeSharp(canvas, image, width);
}
