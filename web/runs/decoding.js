/**
 * Decoding in full: of a step that the small decoder drew, the decoder's own picture follows as soon as the visitor goes
 * to that step, and of all others once the run has ended and the processor is free.
 *
 * @import { Runs } from "./runs.js"
 * @import { Store } from "../state/store.js"
 * @import { Frame, Manifest } from "../types"
 */
import { withRun } from "../state/runs.js";
import { shownFrame, shownRun } from "../state/selectors.js";

const DECODER = "vae_decoder";

/** Watches which step is on show. One a page. */
export class Decoding {
  /** @type {WeakSet<Frame>} those that were asked for, so that a failure is not asked for again */
  #asked = new WeakSet();
  /** @type {unknown} the worker that is at it; of several steps that are gone to in haste, the last is decoded */
  #at = null;

  /**
   * @param {Store} store
   * @param {Runs} runs
   */
  constructor(store, runs) {
    this.store = store;
    this.runs = runs;
    store.subscribe(
      ({ runs, view }) => [view, shownRun({ runs }).frames, shownRun({ runs }).status],
      () => void this.#look(),
    );
  }

  /** The step that the visitor went to, or after the run any, if a cheaper graph drew it. @returns {Frame | null} */
  get #wanted() {
    const { view, model, engine } = this.store.state;
    const run = shownRun(this.store.state);
    // Where memory is short, the decoder would have to take the UNet's place.
    if (engine.sparing || run.source !== "live" || run.model !== model) return null;
    const rough = (/** @type {Frame} */ frame) => frame.drawnBy !== DECODER && !this.#asked.has(frame);
    const shown = shownFrame(this.store.state);
    if (shown && view.step === shown.step && !view.playing && rough(shown)) return shown;
    // Who asked for quick colours wants to see them.
    if (run.status !== "finished" || run.settings?.preview !== "tiny") return null;
    return run.frames.find(rough) ?? null;
  }

  async #look() {
    const frame = this.#wanted;
    const { python } = this.runs;
    if (!frame || !python || this.#at === python) return;
    this.#asked.add(frame);
    this.#at = python;
    try {
      this.#replace(frame, await python.decode(frame.x0));
    } catch (error) {
      console.warn(`Step ${frame.step} was not decoded in full:`, error);
    }
    if (this.#at !== python) return; // another worker has come
    this.#at = null;
    this.#look();
  }

  /**
   * @param {Frame} frame
   * @param {{ picture: Float32Array, ms: number }} decoded
   */
  #replace(frame, { picture, ms }) {
    const { model } = this.store.state;
    const run = shownRun(this.store.state);
    if (!run.frames.includes(frame)) return; // another run has come
    const { height, width } = /** @type {Manifest} */ (model).picture;
    const preview = new ImageData(new Uint8ClampedArray(picture), width, height);
    /** @type {Frame} */
    const full = { ...frame, preview, drawnBy: DECODER, ms: { ...frame.ms, decode: ms } };
    const frames = run.frames.map((each) => (each === frame ? full : each));
    this.store.set(withRun(this.store.state, run.id, { frames }));
  }
}
