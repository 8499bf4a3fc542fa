/**
 * Changes of the runs by id, as patches for the store.
 *
 * @import { Compared, Run, RunsState, State } from "../types"
 */
import { NO_RUN } from "./store.js";

/** @typedef {{ runs: Partial<RunsState> }} RunsPatch */

/**
 * @param {Pick<State, "runs">} state
 * @param {string} id of a run that is there, or is to be
 * @param {Partial<Run>} fields of it
 * @returns {RunsPatch}
 */
export function withRun({ runs }, id, fields) {
  return { runs: { byId: { ...runs.byId, [id]: { ...(runs.byId[id] ?? NO_RUN), ...fields, id } } } };
}

/**
 * @param {Pick<State, "runs">} state
 * @param {string} id
 * @param {Partial<Run>} fields
 * @param {string | null} [beside] the id of a second one
 * @returns {RunsPatch} the same, and this is what is on show
 */
export function withRunShown(state, id, fields, beside = null) {
  return { runs: { ...withRun(state, id, fields).runs, shown: id, beside } };
}

/**
 * @param {Pick<State, "runs">} state
 * @param {string} id of a run to forget
 * @returns {RunsPatch}
 */
export function withoutRun({ runs }, id) {
  const { [id]: _, ...byId } = runs.byId;
  return { runs: { byId, compared: runs.compared.filter(({ a, b }) => a !== id && b !== id) } };
}

/**
 * @param {Pick<State, "runs">} state
 * @param {Compared} compared in place of what was known of the same two
 * @returns {RunsPatch}
 */
export function withCompared({ runs }, compared) {
  const others = runs.compared.filter(({ a, b }) => a !== compared.a || b !== compared.b);
  return { runs: { compared: [...others, compared] } };
}
