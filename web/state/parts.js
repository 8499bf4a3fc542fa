/**
 * The parts of the pipeline, in the order of the data. `view.part` and the keys count them from 1, and so do their texts
 * (`part.<number>`).
 */
export const PARTS = /** @type {const} */ ([
  "words",
  "encoder",
  "unet",
  "guidance",
  "sampler",
  "latent",
  "decoder",
]);

/** @param {typeof PARTS[number]} name @returns {number} */
export function numberOf(name) {
  return PARTS.indexOf(name) + 1;
}
