/**
 * Where runs begin, if at a picture: as the page's fields have it, and as a run had it.
 *
 * @import { Run, Start, State, Wishes } from "../types"
 */
import { strengthOf } from "./steps.js";

/**
 * @param {Pick<State, "start" | "settings" | "model">} state
 * @returns {Wishes["start"] | null} where the next run begins; null for noise. Of few steps it takes one at least.
 */
export function startOf({ start, settings, model }) {
  const { on, picture, strength } = start;
  if (!on || !picture || !takesPictures(model)) return null;
  return { picture, strength: Math.max(strength, strengthOf(1, settings.steps)) };
}

/**
 * @param {State["model"]} model
 * @returns {boolean} whether its runs can begin at pictures; true while nobody knows
 */
export function takesPictures(model) {
  return model === null || "vae_encoder" in model.graphs;
}

/**
 * The fields after a run was asked for that begins elsewhere than they say.
 *
 * @param {State} state
 * @param {Run["start"]} asked
 * @returns {Partial<Start>} nothing of what nobody can draw with, which Python refuses
 */
export function startAfter({ start, model }, asked) {
  if (!asked) return { on: false };
  const { picture, strength } = asked;
  const size = model?.picture;
  if (picture?.width !== size?.width || picture?.height !== size?.height) return {};
  if (!(strength > 0 && strength <= 1)) return {};
  if (picture === start.picture) return { on: true, strength };
  return { on: true, kind: "given", whole: picture, picture, strength, trouble: null };
}
