/**
 * How noisy each step of the next run will be, asked of Python while somebody chooses the step to begin with.
 *
 * @import { Runs } from "./runs.js"
 * @import { Store } from "../state/store.js"
 * @import { State } from "../types"
 */

/** @param {State} state */
const decisive = ({ start, settings: { steps, sampler, spacing }, engine }) => [
  start.on,
  steps,
  sampler,
  spacing,
  engine.status,
];

/** Watches the settings that decide it. One a page. */
export class Outlook {
  /**
   * @param {Store} store
   * @param {Runs} runs
   */
  constructor(store, runs) {
    this.store = store;
    this.runs = runs;
    store.subscribe(decisive, () => void this.#look());
  }

  async #look() {
    const before = decisive(this.store.state);
    const { start, settings } = this.store.state;
    const { python } = this.runs;
    if (!start.on || !python) return;
    const noiseShares = await python.noise_shares(settings).catch(() => []);
    // What came of settings that have changed since is of no use.
    const now = decisive(this.store.state);
    if (now.every((value, k) => value === before[k])) this.store.set({ start: { noiseShares } });
  }
}
