/**
 * The ways of runs over the map of latents, as their frames say them.
 *
 * @import { Frame, Manifest, PackedFrame, Run } from "../../types"
 * @import { Place } from "../../views/charts/map.js"
 */

/**
 * @param {Run} run shown or put away
 * @returns {Place[]} where its latent lay before the first step, and after each; none where the model has no axes
 */
export function placesOf({ frames, packed }) {
  const steps = /** @type {(Frame | PackedFrame)[]} */ (packed ?? frames);
  const ways = steps.flatMap(({ way }) => (way ? [way] : []));
  return ways.length === steps.length && ways.length > 0 ? [ways[0][0], ...ways.map(([, to]) => to)] : [];
}

/**
 * @param {Manifest | null} model
 * @param {Place[]} places that must be in sight where the model does not say how far runs reach
 * @returns {[Place, Place]} the lowest and the highest along each axis
 */
export function extentOf(model, places) {
  const said = model?.axes?.extent;
  if (said) return /** @type {[Place, Place]} */ (said);
  return /** @type {[Place, Place]} */ (
    [0, 1].map((axis) => {
      const values = places.map((place) => place[axis]);
      return [Math.min(-LEAST, ...values), Math.max(LEAST, ...values)];
    })
  );
}

/**
 * @param {Manifest | null} one
 * @param {Manifest | null} other
 * @returns {boolean} whether their latents lie on one map
 */
export function sameAxes(one, other) {
  const of = (/** @type {Manifest | null} */ model) => model?.files[model.axes?.file ?? ""]?.sha256;
  return of(one) !== undefined && of(one) === of(other);
}

const LEAST = 4; // of pure noise hardly anything lies further out along a direction of length 1
