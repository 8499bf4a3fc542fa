/**
 * Steps of a run: how many there will be, which of them a strip shows, and what each took.
 *
 * @import { Frame, Settings } from "../types"
 */

/**
 * PNDM begins with two calls of the network for one step (pyscript_app/samplers.py); the page counts the calls.
 *
 * @param {Settings} settings
 * @param {number} [strength] of a run that begins at a picture: the part of the steps that it takes
 * @returns {number} steps that the run will take
 */
export function stepsToTake({ sampler, steps }, strength = 1) {
  const spared = steps - Math.floor(steps * strength);
  return (sampler === "pndm" && steps > 1 ? steps + 1 : steps) - spared;
}

/**
 * Steps that stand for all: the first, every k-th and the last, and the current one in the place of its nearest.
 *
 * @param {number} steps of the run
 * @param {number} current from 1; 0 for none
 * @param {number} most that may be shown, at least 3
 * @returns {number[]} ascending, from 1; as many whichever is the current one
 */
export function stepsInSight(steps, current, most) {
  if (steps <= most) return Array.from({ length: steps }, (_, k) => k + 1);
  const stride = Math.ceil(steps / (most - 1));
  const shown = [1];
  for (let step = stride; step < steps; step += stride) shown.push(step);
  shown.push(steps);
  if (current <= 1 || current >= steps) return shown;
  let nearest = 1;
  for (let place = 2; place < shown.length - 1; place++)
    if (Math.abs(shown[place] - current) < Math.abs(shown[nearest] - current)) nearest = place;
  shown[nearest] = current;
  return shown;
}

/**
 * @param {Frame[]} frames of a run
 * @param {number} position in steps: 0 before the first, 1 after it
 * @returns {number} the share of noise that the latent holds there; after the newest step what that has left,
 *   before the first 1
 */
export function noiseAt(frames, position) {
  if (frames.length === 0) return 1;
  const at = Math.max(0, Math.min(frames.length - 1, Math.floor(position)));
  const { noiseShare, noiseLeft } = frames[at];
  return noiseShare + (noiseLeft - noiseShare) * Math.max(0, Math.min(1, position - at));
}

/**
 * @param {Frame} frame
 * @returns {number} milliseconds that its graphs took
 */
export function timeOf({ ms }) {
  return ms.unet + ms.step + ms.attention + ms.decode;
}
