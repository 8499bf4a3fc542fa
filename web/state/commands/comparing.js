/**
 * Two pictures with one difference.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Wishes } from "../../types"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 * @import { travelling } from "./travelling.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { troubleOf } from "../../engine/trouble.js";
import { COMPARE } from "../address.js";
import { within } from "../bounds.js";
import { withRun } from "../runs.js";
import { besideRun, shownCompared, shownRun, shownSettings } from "../selectors.js";
import { startAfter } from "../start.js";

const REFUSED = "refused"; // the id of a second run that was none

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {ReturnType<typeof playback>} playing
 * @param {ReturnType<typeof travelling>} travels
 * @param {Whereabouts} whereabouts
 */
export function comparing(store, { runs }, playing, travels, whereabouts) {
  return {
    /**
     * Draw two pictures side by side, in the room for that: the first as the run on show with `a` over its settings (with
     * `from` as that one), the second with `b` over the first's. A second that cannot be drawn leaves the first as it was.
     *
     * @param {Wishes} [b]
     * @param {Wishes} [a]
     */
    async compare(b = {}, a = {}) {
      travels.enter(COMPARE);
      playing.hold();
      const before = shownRun(store.state);
      // What draws the steps on the way is a matter of the page, and not of the picture.
      const { preview, every } = store.state.settings;
      store.set({
        settings: { ...shownSettings(store.state), preview, every },
        start: startAfter(store.state, before.start),
        view: { step: null, part: null, lost: null },
      });
      try {
        const drawing = runs.compare(a, b);
        // No address tells of another beginning.
        const beside = besideRun(store.state);
        const anew = ![a, b].some(({ from }) => from) && !shownRun(store.state).start && !beside?.start;
        if (anew && beside?.settings && beside.status === "waiting") whereabouts.say(beside.settings);
        await drawing;
      } catch (error) {
        refuse(before.id, /** @type {Error} */ (error));
      }
    },

    /**
     * Show two runs of this visit side by side, in the room for that, and how far apart they are.
     *
     * @param {string} a ids of finished runs
     * @param {string} b
     */
    async juxtapose(a, b) {
      travels.enter(COMPARE);
      playing.hold();
      runs.cancel();
      store.set({ runs: { shown: a, beside: b }, view: { step: null } });
      const { settings, start } = shownRun(store.state);
      const beside = besideRun(store.state)?.settings;
      const begins = startAfter(store.state, start);
      if (settings) store.set({ settings: within({ ...settings }).settings, start: begins });
      if (beside) whereabouts.say(beside);
      await unpacked([a, b]);
      if (shownCompared(store.state) || shownRun(store.state).id !== a) return;
      await runs.measure(a, b).catch((error) => console.warn("Not measured:", error));
    },
  };

  /** When runs that were put away are here again. @param {string[]} ids @returns {Promise<void>} */
  function unpacked(ids) {
    const here = () => ids.every((id) => !store.state.runs.byId[id]?.packed);
    if (here()) return Promise.resolve();
    const waiting = new AbortController();
    return new Promise((done) => {
      const look = () => {
        if (!here()) return;
        waiting.abort();
        done();
      };
      store.subscribe(({ runs: { byId } }) => [byId], look, waiting.signal);
    });
  }

  /** Say why nothing was drawn in the second's place, beside the first as it was. @param {string} before @param {Error} error */
  function refuse(before, error) {
    const now = shownRun(store.state);
    if (error.name === "AbortError" || (now.id !== before && now.frames.length > 0)) return;
    const id = now.id === before ? REFUSED : (store.state.runs.beside ?? REFUSED);
    store.set(withRun(store.state, id, { status: "failed", error: troubleOf(error) }));
    store.set({ runs: { beside: id, ...(before in store.state.runs.byId && { shown: before }) } });
  }
}
