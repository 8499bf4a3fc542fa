/**
 * A picture is asked for, its run is steered, and what the next one is asked with.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Settings } from "../../types"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 * @import { remembering } from "./remembering.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { within } from "../bounds.js";
import { withGain } from "../gains.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {ReturnType<typeof playback>} playing
 * @param {Whereabouts} whereabouts
 * @param {ReturnType<typeof remembering>} looks
 */
export function drawing(store, { runs }, playing, whereabouts, looks) {
  const commands = {
    /** Draw a picture with the settings as they stand; its failure is told by the store. */
    generate() {
      playing.hold();
      looks.forget();
      store.set({ view: { step: null, part: null, lost: null } });
      whereabouts.say(); // the address brings this picture back, here and for whomever it is sent to
      runs.generate().catch(() => {});
    },

    pause() {
      runs.pause();
    },

    resume() {
      playing.follow();
      runs.resume();
    },

    step() {
      playing.follow();
      runs.step();
    },

    cancel() {
      runs.cancel();
    },

    /** Set what lies within its bounds; a view says what is wrong with the rest. @param {Partial<Settings>} settings */
    change(settings) {
      store.set({ settings: within(settings).settings });
    },

    /** A new seed by chance. */
    dice() {
      commands.change({ seed: crypto.getRandomValues(new Uint16Array(1))[0] });
    },

    /** @param {string} text of the word @param {number} gain 0 to 2 */
    strengthen(text, gain) {
      commands.change({ gains: withGain(store.state.settings.gains, text, gain) });
    },
  };
  return commands;
}
