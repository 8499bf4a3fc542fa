/**
 * The address remembers how a run is looked at: its lens, step, word and part. What an address asks for is shown once
 * there is something to show it of.
 *
 * @import { Look } from "../address.js"
 * @import { Store } from "../store.js"
 * @import { lenses } from "./lenses.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { readLook, readSettings } from "../address.js";
import { shownRun } from "../selectors.js";

const OFTEN = 400; // milliseconds: browsers refuse to have their address changed all the time

/**
 * @param {Store} store
 * @param {Whereabouts} whereabouts
 * @param {ReturnType<typeof lenses>} seeing
 */
export function remembering(store, whereabouts, seeing) {
  /** What the address asks for and is not shown yet. @type {Look} */
  let wanted = {};
  /** The prompt of the run that it is asked of; undefined for whichever is on show. @type {string | undefined} */
  let prompt;
  let timer = 0;
  let written = 0;

  const write = () => {
    clearTimeout(timer);
    if (store.state.view.playing || Object.keys(wanted).length) return;
    const wait = written + OFTEN - performance.now();
    if (wait > 0) {
      timer = setTimeout(write, wait);
      return;
    }
    written = performance.now();
    whereabouts.look();
  };

  const show = () => {
    const { frames, settings, source } = shownRun(store.state);
    if (frames.length === 0) return;
    if (prompt !== undefined && (source === "recorded" || settings?.prompt !== prompt)) return;
    const { lens, word, part, step } = wanted;
    if (word && word <= frames[0].words.length) store.set({ view: { word: word - 1 } });
    if (lens) seeing.see(lens);
    if (part) store.set({ view: { part } });
    wanted = step ? { step } : {};
    if (!step || (frames.length < step && shownRun(store.state).status !== "finished")) return;
    wanted = {};
    store.set({ view: { step: Math.min(step, frames.length) } });
  };

  const commands = {
    /** Show what the address asks for, as soon as it can be shown. */
    recall() {
      wanted = readLook(location.hash);
      prompt = readSettings(location.hash).settings.prompt;
      if (wanted.lens && wanted.lens !== "attention") seeing.see(wanted.lens);
      show();
    },

    /** The visitor has gone on to something else. */
    forget() {
      wanted = {};
    },
  };
  store.subscribe(
    ({ runs }) => [shownRun({ runs }).frames, shownRun({ runs }).status],
    () => Object.keys(wanted).length && show(),
  );
  store.subscribe(({ view }) => [view.lens, view.step, view.word, view.part, view.playing], write);
  commands.recall();
  return commands;
}
