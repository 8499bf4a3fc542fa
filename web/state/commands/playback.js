/**
 * Which step is on show, and its steps played one after the other.
 *
 * @import { Pace } from "../../types"
 * @import { Store } from "../store.js"
 */
import { PACES } from "../paces.js";
import { busy, shownFrame, shownRun } from "../selectors.js";

/** @param {Store} store */
export function playback(store) {
  let timer = 0;

  /** One step on, and after a while the next. */
  const next = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const now = shownFrame(store.state);
      if (!now || now.step >= shownRun(store.state).frames.length) return commands.hold();
      store.set({ view: { step: now.step + 1 } });
      next();
    }, PACES[store.state.view.pace].played);
  };

  const commands = {
    /** Show one step, from 1. @param {number} step */
    show(step) {
      commands.hold();
      const { frames } = shownRun(store.state);
      if (frames.length === 0) return;
      store.set({ view: { step: Math.max(1, Math.min(frames.length, Math.round(step))) } });
    },

    /** Show one step further on or back. @param {number} by */
    move(by) {
      const frame = shownFrame(store.state);
      if (frame) commands.show(frame.step + by);
    },

    /** Show the newest step, whichever it is. */
    follow() {
      commands.hold();
      store.set({ view: { step: null } });
    },

    /** Play the steps from the one on show, or from the first when that was the last. */
    play() {
      const run = shownRun(store.state);
      const frame = shownFrame(store.state);
      if (!frame) return;
      if (busy(store.state) || run.status === "running") return commands.follow();
      const step = frame.step >= run.frames.length ? 1 : frame.step;
      store.set({ view: { playing: true, step } });
      next();
    },

    /** How fast steps follow each other, also those of a picture that is being drawn. @param {Pace} pace */
    pace(pace) {
      store.set({ view: { pace } });
      if (store.state.view.playing) next();
    },

    /** Stop playing and stay. */
    hold() {
      clearTimeout(timer);
      if (store.state.view.playing) store.set({ view: { playing: false } });
    },
  };
  return commands;
}
