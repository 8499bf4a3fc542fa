/**
 * The one thing that is changed: which kinds there are, and what a second run is wished with.
 *
 * @import { Manifest, Settings } from "../../types"
 */
import { causes, without } from "../../state/differences.js";

/** What can be changed, in the order of the list; "word" is a word left out of the prompt. */
export const KINDS = /** @type {const} */ ([
  "prompt",
  "word",
  "seed",
  "guidance",
  "sampler",
  "steps",
  "negative",
]);

/** @typedef {typeof KINDS[number]} Kind */

/**
 * A change that is being made.
 *
 * @typedef {object} Change
 * @property {Kind} kind
 * @property {Partial<Settings>} wishes what was typed or picked for it, by the setting's name
 * @property {ReadonlySet<number>} left places of the words that are left out
 */

/** @param {Kind} kind @returns {Change} of which nothing was said yet */
export function changeOf(kind) {
  return { kind, wishes: {}, left: new Set() };
}

/**
 * @param {Manifest | null} model
 * @returns {Kind[]} those that change its pictures: a model that is asked once has nothing to push from
 */
export function kindsOf(model) {
  const guidance = model?.guidance ?? "classifier-free";
  return KINDS.filter((kind) => {
    if (kind === "guidance") return guidance !== "none";
    return kind !== "negative" || guidance === "classifier-free";
  });
}

/**
 * @param {Change} change
 * @param {Settings} settings of the first run
 * @returns {Partial<Settings>} what the second is wished with
 */
export function wishesOf({ kind, wishes, left }, { prompt }) {
  return kind === "word" ? { prompt: without(prompt, left) } : wishes;
}

/**
 * @param {Settings} a
 * @param {Settings} b
 * @returns {Change} that leads from the one to the other, as far as it is one of the kinds
 */
export function changeBetween(a, b) {
  const cause = causes(a, b).find((name) => KINDS.some((kind) => kind === name));
  if (!cause) return changeOf("prompt");
  return { ...changeOf(/** @type {Kind} */ (cause)), wishes: { [cause]: b[cause] } };
}
