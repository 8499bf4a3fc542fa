/**
 * What a word carries, and what it does at another strength: drawn beside the picture on show.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Kind } from "../../runs/causes.js"
 * @import { Trial, Wishes } from "../../types"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { numberOf } from "../parts.js";
import { shownWords } from "../selectors.js";
import { NO_RUN } from "../store.js";
import { costOf, trialOf } from "../trials.js";

const WORDS = numberOf("words");

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {ReturnType<typeof playback>} playing
 * @param {Whereabouts} whereabouts
 */
export function causes(store, engine, playing, whereabouts) {
  /** @param {Trial} trial @param {string} way @returns {Wishes} of one of its pictures, from where the first run began */
  const wishesOf = ({ runs: [run], settings, pictures }, way) => {
    const { gains, slots } = pictures[way];
    const { start, from } = store.state.runs.byId[run] ?? NO_RUN;
    return { ...settings, gains, slots, ...(from ? { from: { run, step: from.step } } : { start }) };
  };

  return {
    /** Show what the chosen word carries; it is drawn unless it is there, or takes long. */
    carry() {
      const { word } = store.state.view;
      const text = word === null ? null : shownWords(store.state)[word]?.text;
      store.set({ view: { part: WORDS } });
      if (text && !trialOf(store.state, "word", text) && !costOf(store.state, "word").much)
        engine.causes.draw("word", text);
    },

    /** Draw one kind of what words cause. @param {Kind} kind @param {string | null} word @param {boolean} quick in few steps */
    tryOut(kind, word, quick) {
      engine.causes.draw(kind, word, quick ? { quick } : {});
    },

    /** Draw with another strength of a word. @param {string} word @param {number} gain @param {Uint8Array} place its own */
    louden(word, gain, place) {
      engine.causes.draw("gain", word, { gain, place });
    },

    /** End what of these goes on. @param {Kind} [kind] */
    abandon(kind) {
      engine.causes.cancel(kind);
    },

    /** Whether each change of a strength is drawn at once. @param {boolean} live */
    liven(live) {
      store.set({ causes: { live } });
      if (!live) engine.causes.cancel("gain");
    },

    /** Draw one of the pictures on the stage. @param {Kind} kind @param {string} way */
    stage(kind, way) {
      const trial = store.state.causes[kind];
      if (!trial) return;
      playing.hold();
      // A deleted word is none of those on show.
      const word = way === "deleted" ? null : store.state.view.word;
      store.set({ view: { step: null, part: null, lost: null, word } });
      engine.runs.generate(wishesOf(trial, way)).catch(() => {});
      whereabouts.say();
      const runs = [...trial.runs, store.state.runs.shown];
      store.set({ causes: { [kind]: { ...trial, runs } } });
    },

    /** @param {Kind} kind @param {string} way @returns {{ original: Wishes, other: Wishes } | null} to compare them */
    sides(kind, way) {
      const trial = store.state.causes[kind];
      return trial && { original: wishesOf(trial, "original"), other: wishesOf(trial, way) };
    },

    /** Do nothing more to the slots of a word. @param {string} word */
    restore(word) {
      const { [word]: _, ...slots } = store.state.settings.slots ?? {};
      store.set({ settings: { slots } });
    },
  };
}
