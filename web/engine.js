/**
 * The worker's other end: commands go to Python, and what Python reports becomes the store's state.
 *
 * @import { Diffuscope, Frame, Result, Settings } from "./types"
 * @import { Store } from "./store.js"
 */

/** Starts, steers and reports the engine. One a page. */
export class Engine {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  /** Load the model and the worker. Resolves when pictures can be made; may be called again after a failure. */
  async start() {}

  /**
   * Draw a picture with the given settings over those of the store. Before the engine is ready the run waits for it;
   * while another run goes, that one is cancelled.
   *
   * @param {Partial<Settings>} [settings]
   * @param {(frame: Frame) => void} [onFrame]
   * @returns {Promise<Result>}
   */
  async generate(settings, onFrame) {
    throw new Error(`Not started: ${settings} ${onFrame}`);
  }

  pause() {}

  resume() {}

  /** Do one step and pause again; also begins a pause. */
  step() {}

  /** End the run within one step; its promise rejects with an AbortError. */
  cancel() {}

  /** @returns {Diffuscope} what `window.diffuscope` is */
  get face() {
    throw new Error("Not started.");
  }
}
