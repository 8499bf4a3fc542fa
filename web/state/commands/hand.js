/**
 * A step in the visitor's hand: taken again with another guidance, its latent touched, and the run drawn on from there.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Hand, Manifest, Retaken, Settings } from "../../types"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 */
import { EngineError } from "../../engine/trouble.js";
import { within } from "../bounds.js";
import { withRunShown } from "../runs.js";
import { drawerOf, handKey, shownRun } from "../selectors.js";
import { startAfter } from "../start.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {ReturnType<typeof playback>} playing
 */
export function hand(store, { runs }, playing) {
  /** @param {Float32Array} picture [H, W, 4] */
  const imageOf = (picture) => {
    const { height, width } = /** @type {Manifest} */ (store.state.model).picture;
    return new ImageData(new Uint8ClampedArray(picture), width, height);
  };
  /** @param {Partial<Hand>} fields */
  const hold = (fields) => store.set({ hand: fields });

  return {
    /**
     * What a step of the run on show comes to with another guidance; the network is not asked.
     *
     * @param {number} step from 1
     * @param {number} guidance
     * @returns {Promise<Retaken | null>} null where no engine remembers the step; rejects with a sentence
     */
    async retake(step, guidance) {
      const run = drawerOf(store.state, step);
      if (!run || !runs.python) return null;
      const { trouble, picture, ...taken } = await runs.python.take_step(run.id, step, guidance);
      if (trouble) throw new EngineError(trouble);
      return { ...taken, preview: imageOf(picture) };
    },

    /** @param {Float32Array} latent @returns {Promise<ImageData | null>} what the decoder makes of it; null without an engine */
    async peek(latent) {
      if (!runs.python) return null;
      return imageOf((await runs.python.decode(latent)).picture);
    },

    /** Remember how far the guidance of a step was dragged. @param {number} step @param {number} guidance */
    drag(step, guidance) {
      hold({ guidance: { ...store.state.hand.guidance, [handKey(store.state, step)]: guidance } });
    },

    /** Remember a touched latent and those before it, the oldest first. @param {number} step @param {Float32Array[]} latents */
    touch(step, latents) {
      hold({ latents: { ...store.state.hand.latents, [handKey(store.state, step)]: latents } });
    },

    /** Turn to the tools that touch the latent, or from them. @param {boolean} touching */
    reachIn(touching) {
      hold({ touching });
    },

    /**
     * Draw the run on show anew from one of its steps on; it stays what it is.
     *
     * @param {number} step the first to be drawn anew, from 1
     * @param {{ latent?: Float32Array, guidance?: number }} place `latent`: what the step begins with; `guidance`: of that
     *   step alone, which is not drawn anew then
     * @param {Partial<Settings>} changes
     */
    goOn(step, place, changes = {}) {
      const run = drawerOf(store.state, step);
      if (!run) return;
      playing.hold();
      const after = place.guidance === undefined ? step - 1 : step;
      store.set({ view: { step: null, part: null, lost: null } });
      runs.generate({ ...changes, from: { run: run.id, step: after, ...place } }).catch(() => {});
    },

    /** Show the run again that the one on show was drawn on from, at the step where they part. */
    original() {
      const { from } = shownRun(store.state);
      const run = store.state.runs.byId[from?.run ?? ""];
      if (!from || !run) return;
      playing.hold();
      runs.cancel();
      store.set({
        ...withRunShown(store.state, run.id, {}),
        settings: within({ ...run.settings }).settings,
        start: startAfter(store.state, run.start),
        view: { step: from.step + 1, part: null },
      });
    },
  };
}
