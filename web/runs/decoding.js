/**
 * Decoding in full: of a step that the small decoder drew, the decoder's own picture follows as soon as the visitor goes
 * to that step, and of all others once the run has ended and the processor is free. Of two runs on show the second too.
 *
 * @import { Runs } from "./runs.js"
 * @import { Store } from "../state/store.js"
 * @import { Frame, Manifest, Run } from "../types"
 */
import { withRun } from "../state/runs.js";
import { besideFrame, besideRun, shownFrame, shownRun } from "../state/selectors.js";

const DECODER = "vae_decoder";

/** @typedef {{ run: Run, frame: Frame }} Wanted */

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
      ({ runs, view }) => [view, shownRun({ runs }), besideRun({ runs })],
      () => void this.#look(),
    );
  }

  /** A step that the visitor went to, or after the run any, if a cheaper graph drew it. @returns {Wanted | null} */
  get #wanted() {
    const { state } = this.store;
    // Where memory is short, the decoder would have to take the UNet's place.
    if (state.engine.sparing) return null;
    const runs = [shownRun(state), besideRun(state)].filter((run) => run !== null);
    const frames = [shownFrame(state), besideFrame(state)];
    const here = runs.map((run, index) => this.#roughOf(run, (frame) => frame === frames[index]));
    const there = state.view.step !== null && !state.view.playing ? here.find(Boolean) : null;
    if (there) return there;
    // Who asked for quick colours wants to see them.
    const ended = runs.filter(
      ({ status, settings }) => status === "finished" && settings?.preview === "tiny",
    );
    return ended.map((run) => this.#roughOf(run)).find(Boolean) ?? null;
  }

  /** The first of a run's frames that is to be decoded. @param {Run} run @param {(frame: Frame) => boolean} [of] @returns {Wanted | null} */
  #roughOf(run, of = () => true) {
    if (run.source !== "live" || run.model !== this.store.state.model) return null;
    const rough = (/** @type {Frame} */ frame) => frame.drawnBy !== DECODER && !this.#asked.has(frame);
    const frame = run.frames.find((one) => of(one) && rough(one));
    return frame ? { run, frame } : null;
  }

  async #look() {
    const wanted = this.#wanted;
    const { python } = this.runs;
    if (!wanted || !python || this.#at === python) return;
    const { run, frame } = wanted;
    this.#asked.add(frame);
    this.#at = python;
    try {
      this.#replace(run.id, frame, await python.decode(frame.x0));
    } catch (error) {
      console.warn(`Step ${frame.step} was not decoded in full:`, error);
    }
    if (this.#at !== python) return; // another worker has come
    this.#at = null;
    this.#look();
  }

  /**
   * @param {string} id the run's
   * @param {Frame} frame
   * @param {{ picture: Float32Array, ms: number }} decoded
   */
  #replace(id, frame, { picture, ms }) {
    const { model, runs } = this.store.state;
    const run = runs.byId[id];
    if (!run?.frames.includes(frame)) return; // another run has come, and this one is put away
    const { height, width } = /** @type {Manifest} */ (model).picture;
    const preview = new ImageData(new Uint8ClampedArray(picture), width, height);
    /** @type {Frame} */
    const full = { ...frame, preview, drawnBy: DECODER, ms: { ...frame.ms, decode: ms } };
    const frames = run.frames.map((each) => (each === frame ? full : each));
    this.store.set(withRun(this.store.state, run.id, { frames }));
  }
}
