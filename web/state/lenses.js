/**
 * Lenses: what of a step is looked at. Held is what the latent holds after the step, Foreseen the clean picture that the
 * model expects in it, Changed what that picture has become since the step before, Attention where it listens to the
 * chosen word. After the last step the first two are the finished picture.
 *
 * @import { Frame, Lens, Manifest, Run, Sight, State, View } from "../types"
 */
import { finishedPicture, mapOf, shownFrame, shownRun } from "./selectors.js";

/** In the order in which the page offers them. @type {readonly Lens[]} */
export const LENSES = ["held", "foreseen", "changed", "attention"];

/**
 * @param {Pick<View, "lens" | "word">} view
 * @param {Frame | null} frame
 * @returns {Lens} the one that this frame is seen through: there is no attention without a word
 */
export function lensOf({ lens, word }, frame) {
  return lens === "attention" && (word === null || !frame?.words[word]) ? "held" : lens;
}

/** @param {State} state @returns {Lens} the one that the frame on show is seen through */
export function shownLens(state) {
  return lensOf(state.view, shownFrame(state));
}

/**
 * @param {Frame} frame
 * @returns {number | null} index of the word that gets most of the attention; null without words
 */
export function strongestWord({ words }) {
  if (words.length === 0) return null;
  return words.reduce((best, { share }, index) => (share > words[best].share ? index : best), 0);
}

/**
 * The step that a foreseen picture is compared with: the one before, or the last before it that was drawn alike. What
 * two decoders draw differs by more than the step.
 *
 * @param {Pick<Run, "frames">} run
 * @param {Frame} frame one of its
 * @returns {Frame | null}
 */
export function frameBefore({ frames }, { step, drawnBy }) {
  return frames.slice(0, step - 1).findLast((one) => one.drawnBy === drawnBy) ?? null;
}

/**
 * @param {State} state
 * @returns {boolean} whether what the run on show holds can be decoded now: its model is the one that is loaded, and the
 *   decoder need not take the UNet's place
 */
export function canDecode(state) {
  const { engine, model } = state;
  const drawer = shownRun(state).model;
  return engine.status === "ready" && !engine.sparing && decoderOf(model) === decoderOf(drawer);
}

/** @param {Manifest | null} model @returns {string} the same for models that decode alike */
function decoderOf(model) {
  const { file = "", shards = [] } = model?.graphs.vae_decoder ?? {};
  return [model?.files[file]?.sha256, ...shards].join();
}

/**
 * What there is to be painted (paint/lens.js) of a frame of any run.
 *
 * @param {Run} run
 * @param {Frame} frame one of its
 * @param {Pick<View, "lens" | "word" | "mean" | "decoded">} view
 * @param {{ low: number, high: number }} [range] of attention, what is palest and strongest; else the frame's own
 * @returns {Sight}
 */
export function sightOf(run, frame, view, range) {
  const lens = lensOf(view, frame);
  const finished = finishedPicture(run, frame);
  const picture = finished ?? frame.preview;
  if (lens === "changed")
    return { kind: "change", picture, before: frameBefore(run, frame)?.preview ?? null };
  if (lens === "attention")
    return { kind: "attention", picture, range, ...mapOf(frame, view.word ?? 0, view.mean) };
  if (lens === "foreseen" || finished || !run.model) return { kind: "picture", picture };
  if (view.decoded && frame.decoded) return { kind: "picture", picture: frame.decoded };
  return { kind: "latent", values: frame.latent, shape: run.model.latent };
}
