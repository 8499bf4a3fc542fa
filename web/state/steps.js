/**
 * Steps of a run: how many there will be, which of them a strip shows, and what each took.
 *
 * @import { Frame, Run, Settings } from "../types"
 */

/**
 * PNDM begins with two calls of the network for one step (pyscript_app/samplers.py); the page counts the calls.
 *
 * @param {Settings} settings
 * @returns {number} steps that a run from noise will take
 */
export function stepsToTake({ sampler, steps }) {
  return sampler === "pndm" && steps > 1 ? steps + 1 : steps;
}

/**
 * @param {number} steps that were asked for
 * @param {number} strength of a run that begins at a picture
 * @returns {number} how many of the first it leaves out (`Start.first_step` of pyscript_app/settings.py)
 */
export function stepsSkipped(steps, strength) {
  return steps - Math.floor(steps * strength);
}

/**
 * @param {number} taken
 * @param {number} steps that were asked for
 * @returns {number} a strength of few digits that takes so many of them
 */
export function strengthOf(taken, steps) {
  const strength = Math.ceil((1000 * taken) / steps) / 1000;
  // 50 * 0.58 is a little less than 29.
  return steps * strength < taken ? strength + 0.0005 : strength;
}

/**
 * A step as the visitor counts, on the winding: the laps that a run leaves out count too.
 *
 * @param {Pick<Run, "skipped">} run
 * @param {Pick<Frame, "step" | "steps">} frame
 * @returns {{ step: number, steps: number }}
 */
export function numbered({ skipped }, { step, steps }) {
  return { step: step + skipped, steps: steps + skipped };
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
