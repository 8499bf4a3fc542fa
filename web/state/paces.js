/**
 * How fast steps follow each other.
 *
 * @import { Pace } from "../types"
 */

/**
 * `played`: milliseconds from one step to the next of a run that is played back; `rest`: seconds that a live run waits
 * after each step.
 *
 * @type {Record<Pace, { played: number, rest: number }>}
 */
export const PACES = {
  slow: { played: 1500, rest: 1.5 },
  usual: { played: 300, rest: 0 },
  quick: { played: 100, rest: 0 },
};
