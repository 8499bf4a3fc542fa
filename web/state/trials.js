/**
 * Which pictures of what words cause belong to what is on show.
 *
 * @import { Kind } from "../runs/causes.js"
 * @import { State, Trial } from "../types"
 */

/**
 * @param {Pick<State, "causes" | "runs">} state
 * @param {Kind} kind
 * @param {string | null} word
 * @returns {Trial | null} those of this word beside the run on show, which may be one that was opened of them
 */
export function trialOf({ causes, runs }, kind, word) {
  const trial = causes[kind];
  return trial?.runs.includes(runs.shown) && trial.word === word ? trial : null;
}

/** @param {Trial | null} trial @returns {boolean} whether it is being drawn, or waits for that */
export function underway(trial) {
  return trial?.status === "waiting" || trial?.status === "drawing";
}
