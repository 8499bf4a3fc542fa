/**
 * Where the next run begins: in noise, or at a picture from a file, from the stage, or from a scribble.
 *
 * @import { Mark, Start } from "../../types"
 * @import { Store } from "../store.js"
 */
import { openPicture } from "../../device/picture.js";
import { EngineError } from "../../engine/trouble.js";
import { cover } from "../../paint/cover.js";
import { paintScribble } from "../../paint/scribble.js";
import { shownPicture } from "../selectors.js";

/** @param {Store} store */
export function starting(store) {
  /** Make the picture of the model's size. */
  const fit = () => {
    const { model, start } = store.state;
    if (!model) return;
    const { kind, whole, marks } = start;
    const drawn = kind === "scribble" ? paintScribble(marks, model.picture) : null;
    store.set({ start: { picture: drawn ?? (whole && cover(whole, model.picture)) } });
  };
  store.subscribe(({ model }) => [model], fit);

  /** @param {Partial<Start>} fields */
  const take = (fields) => {
    store.set({ start: { ...fields, on: true, trouble: null } });
    fit();
  };

  const commands = {
    /** Begin at the picture that there is; where there is none, at the one on show, or else at a scribble. */
    beginAtPicture() {
      if (store.state.start.picture) take({});
      else if (shownPicture(store.state)) commands.beginAtShown();
      else commands.scribble();
    },

    beginInNoise() {
      store.set({ start: { on: false } });
    },

    /** Begin at the picture on show, as it is now. */
    beginAtShown() {
      const whole = shownPicture(store.state);
      if (whole) take({ kind: "last", whole });
    },

    /** Begin at a picture of the visitor's own; one that cannot be read changes nothing. @param {Blob} file */
    async beginAtFile(file) {
      try {
        take({ kind: "file", whole: await openPicture(file) });
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        store.set({ start: { trouble: error.trouble } });
      }
    },

    /** Begin at a scribble, with one mark more. @param {Mark} [mark] */
    scribble(mark) {
      const { marks } = store.state.start;
      take({ kind: "scribble", whole: null, marks: mark ? [...marks, mark] : marks });
    },

    /** Take the last mark of the scribble back. */
    unscribble() {
      take({ marks: store.state.start.marks.slice(0, -1) });
    },

    wipe() {
      take({ marks: [] });
    },

    /** @param {number} strength above 0 to 1 */
    takeSteps(strength) {
      store.set({ start: { strength } });
    },
  };
  return commands;
}
