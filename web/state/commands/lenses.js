/**
 * Through which lens the steps are seen, and which word's attention.
 *
 * @import { Lens } from "../../types"
 * @import { Store } from "../store.js"
 */
import { LENSES, lensOf, shownLens, strongestWord } from "../lenses.js";
import { shownFrame } from "../selectors.js";

/** @param {Store} store */
export function lenses(store) {
  /** What attention gives way to. @type {Lens} */
  let plain = "held";

  const commands = {
    /** Attention is that of the chosen word, or else of the one that gets most. @param {Lens} lens */
    see(lens) {
      const frame = shownFrame(store.state);
      const { word } = store.state.view;
      if (lens !== "attention") plain = lens;
      if (lens !== "attention" || lensOf({ lens, word }, frame) === lens) store.set({ view: { lens } });
      else if (frame) store.set({ view: { lens, word: strongestWord(frame) } });
    },

    /** The lens after the one that is seen through. */
    nextLens() {
      commands.see(LENSES[(LENSES.indexOf(shownLens(store.state)) + 1) % LENSES.length]);
    },

    /** Attention, or if that is seen, what was seen before. */
    toggleAttention() {
      commands.see(shownLens(store.state) === "attention" ? plain : "attention");
    },

    /** Choose a word, and see its attention; or none, when it is the chosen one. @param {number | null} word */
    choose(word) {
      const { lens, word: chosen } = store.state.view;
      if (word !== null && word !== chosen) store.set({ view: { word, lens: "attention" } });
      else store.set({ view: { word: null, lens: lens === "attention" ? plain : lens } });
    },

    /** @param {boolean} decoded whether what the latent holds goes through the decoder */
    decode(decoded) {
      store.set({ view: { decoded } });
    },

    /** @param {boolean} mean attention of all steps so far, or of the one on show */
    average(mean) {
      store.set({ view: { mean } });
    },
  };
  return commands;
}
