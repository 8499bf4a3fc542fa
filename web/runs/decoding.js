/**
 * Decoding beside the loop: what the latent of the step on show holds, while the visitor wants to see that decoded; of a
 * step that the small decoder drew the decoder's own picture, as soon as the visitor goes to that step, and of all others
 * once the run has ended and the processor is free. Of two runs on show the second too.
 *
 * @import { Runs } from "./runs.js"
 * @import { Store } from "../state/store.js"
 * @import { Frame, Manifest, Run } from "../types"
 */
import { canDecode, shownLens } from "../state/lenses.js";
import { withRun } from "../state/runs.js";
import { besideFrame, besideRun, finishedPicture, shownFrame, shownRun } from "../state/selectors.js";

const DECODER = "vae_decoder";

/**
 * A latent to decode, and what the frame has then.
 *
 * @typedef {object} Wish
 * @property {Float32Array} latent
 * @property {number} scale
 * @property {(picture: ImageData, ms: number) => Partial<Frame>} fields
 */

/** @typedef {{ run: Run, frame: Frame, wish: Wish }} Wanted */

/** Watches which step is on show. One a page. */
export class Decoding {
  /** @type {WeakSet<Float32Array>} latents that were asked for, so that a failure is not asked for again */
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
      ({ runs, view, engine }) => [view, shownRun({ runs }), besideRun({ runs }), engine.status],
      () => void this.#look(),
    );
  }

  /** @returns {Wanted | null} */
  get #wanted() {
    const { state } = this.store;
    if (!canDecode(state)) return null;
    /** @type {[Run | null, Frame | null][]} */
    const seen = [
      [shownRun(state), shownFrame(state)],
      [besideRun(state), besideFrame(state)],
    ];
    const sides = seen.flatMap(([run, frame]) =>
      run?.model === shownRun(state).model ? [{ run, frame }] : [],
    );
    for (const { run, frame } of sides) {
      const held = run && frame && this.#held(run, frame);
      if (held && !this.#asked.has(held.latent)) return { run, frame, wish: held };
    }
    for (const { run, frame } of sides) {
      const rough = run && this.#rough(run, frame);
      if (rough) return { run, frame: rough, wish: { latent: rough.x0, scale: 1, fields: inFull(rough) } };
    }
    return null;
  }

  /** @param {Run} run @param {Frame} frame its on show @returns {Wish | null} what its latent holds, if that is to be seen decoded */
  #held(run, frame) {
    const { view } = this.store.state;
    if (!view.decoded || view.playing || shownLens(this.store.state) !== "held") return null;
    if (frame.decoded || finishedPicture(run, frame)) return null;
    return { latent: frame.latent, scale: frame.latentScale, fields: (decoded) => ({ decoded }) };
  }

  /** The step that the visitor went to, or after the run any, if a cheaper graph drew it. @param {Run} run @param {Frame | null} shown @returns {Frame | null} */
  #rough(run, shown) {
    const { view } = this.store.state;
    if (run.source !== "live") return null;
    const rough = (/** @type {Frame} */ { drawnBy, x0 }) => drawnBy !== DECODER && !this.#asked.has(x0);
    if (shown && view.step !== null && !view.playing && rough(shown)) return shown;
    // Who asked for quick colours wants to see them.
    if (run.status !== "finished" || run.settings?.preview !== "tiny") return null;
    return run.frames.find(rough) ?? null;
  }

  async #look() {
    const wanted = this.#wanted;
    const { python } = this.runs;
    if (!wanted || !python || this.#at === python) return;
    const { run, frame, wish } = wanted;
    this.#asked.add(wish.latent);
    this.#at = python;
    try {
      const { picture, ms } = await python.decode(wish.latent, wish.scale);
      const { height, width } = /** @type {Manifest} */ (this.store.state.model).picture;
      this.#add(run.id, frame, wish.fields(new ImageData(new Uint8ClampedArray(picture), width, height), ms));
    } catch (error) {
      console.warn(`Step ${frame.step} was not decoded:`, error);
    }
    if (this.#at !== python) return; // another worker has come
    this.#at = null;
    this.#look();
  }

  /** @param {string} id of the run @param {Frame} frame @param {Partial<Frame>} fields */
  #add(id, frame, fields) {
    const run = this.store.state.runs.byId[id];
    // None of them where it is on show no longer.
    if (!run?.frames.some(({ latent }) => latent === frame.latent)) return;
    const frames = run.frames.map((each) => (each.latent === frame.latent ? { ...each, ...fields } : each));
    this.store.set(withRun(this.store.state, id, { frames }));
  }
}

/** @param {Frame} frame @returns {Wish["fields"]} */
function inFull(frame) {
  return (preview, decode) => ({ preview, drawnBy: DECODER, ms: { ...frame.ms, decode } });
}
