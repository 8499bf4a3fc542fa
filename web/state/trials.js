/**
 * Which pictures of what words cause belong to what is on show.
 *
 * @import { Kind } from "../runs/causes.js"
 * @import { State, Trial } from "../types"
 */
import { shownRun } from "./selectors.js";

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

const MUCH = 60_000; // milliseconds that nobody waits for without having been asked
const PICTURES = { word: 5, all: 2, gain: 1 }; // beside the original
const FEW = 4; // steps of a quick picture; then the original is drawn too (pyscript_app/activities/causes.py)

/**
 * What drawing one kind will take, by the run on show.
 *
 * @param {Pick<State, "runs">} state
 * @param {Kind} kind
 * @returns {{ ms: number, quick: number, much: boolean }} milliseconds, and of a quick one; 0 where nobody knows
 */
export function costOf(state, kind) {
  const { msPerStep, steps } = shownRun(state);
  const ms = msPerStep * steps * PICTURES[kind];
  return { ms, quick: msPerStep * FEW * (PICTURES[kind] + 1), much: ms > MUCH };
}

/** @param {Trial | null} trial @returns {boolean} whether it is being drawn, or waits for that */
export function underway(trial) {
  return trial?.status === "waiting" || trial?.status === "drawing";
}
