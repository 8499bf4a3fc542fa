/**
 * Where runs are put that are not on show: packed, within bounds of memory, the oldest forgotten first; a run that is shown
 * again is unpacked.
 *
 * @import { Store } from "../state/store.js"
 * @import { Run } from "../types"
 */
import { withoutRun, withRun } from "../state/runs.js";
import { lasting } from "../state/selectors.js";
import { bytesOf, pack, unpack } from "./packing.js";

/** Bytes for packed runs: two of 50 steps at 512 × 512 and twenty of the miniature. What is on show comes on top, and
 * what the worker remembers (pyscript_app/browser/past.py). */
export const ROOM = 120_000_000;

/** Watches which runs are on show. One a page. */
export class Shelf {
  #tidying = false;

  /**
   * @param {Store} store
   * @param {number} [room] bytes
   */
  constructor(store, room = ROOM) {
    this.store = store;
    this.room = room;
    store.subscribe(
      ({ runs }) => [runs],
      () => void this.#tidy(),
    );
  }

  async #tidy() {
    if (this.#tidying) return;
    this.#tidying = true;
    try {
      while (await this.#next());
    } finally {
      this.#tidying = false;
    }
  }

  /** Do the next thing that is to be done. @returns {Promise<boolean>} whether there was one */
  async #next() {
    const runs = Object.values(this.store.state.runs.byId);
    for (const run of runs) {
      if (this.#seen(run) && run.packed) {
        await this.#unpack(run);
        return true;
      }
      if (this.#seen(run) || run.packed || going(run)) continue;
      if (run.frames.length === 0) this.#forget(run);
      else await this.#pack(run);
      return true;
    }
    return false;
  }

  /** @param {Run} run */
  async #pack(run) {
    const packed = await pack(run.frames);
    const now = this.store.state.runs.byId[run.id];
    if (now?.frames !== run.frames || this.#seen(now)) return; // it is asked for again
    this.#change(run, { packed, frames: [], picture: null });
    this.#makeRoom();
  }

  #makeRoom() {
    const runs = Object.values(this.store.state.runs.byId).filter(({ packed }) => packed);
    while (bytesOf(runs.flatMap(({ packed }) => packed ?? [])) > this.room)
      this.#forget(/** @type {Run} */ (runs.shift()));
  }

  /** @param {Run} run */
  async #unpack(run) {
    const frames = await unpack(run.packed ?? []);
    const picture = run.status === "finished" ? frames[frames.length - 1].preview : null;
    this.#change(run, { packed: null, frames, picture });
  }

  /** @param {Run} run */
  #seen({ id }) {
    const { shown, beside } = this.store.state.runs;
    return id === shown || id === beside;
  }

  /** @param {Run} run @param {Partial<Run>} fields */
  #change({ id }, fields) {
    if (id in this.store.state.runs.byId) this.store.set(withRun(this.store.state, id, fields));
  }

  /** @param {Run} run */
  #forget({ id }) {
    this.store.set(withoutRun(this.store.state, id));
  }
}

/** @param {Run} run @returns {boolean} whether it still changes */
function going(run) {
  return lasting(run) || run.status === "running";
}
