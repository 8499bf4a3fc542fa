/**
 * What a visitor can do, by name. Views send these; they never reach for the engine.
 *
 * @import { Engine } from "./engine.js"
 * @import { Store } from "./store.js"
 * @import { Settings, View } from "./types"
 */
import { writeSettings } from "./address.js";
import { listRecordings, playRecording } from "./recordings.js";
import { atTheEnd, busy, shownFrame, shownSettings } from "./views/shown.js";

const PACE = 260; // milliseconds a step when steps are played back

export class Commands {
  /**
   * @param {Store} store
   * @param {Engine} engine
   */
  constructor(store, engine) {
    this.store = store;
    this.engine = engine;
    this.timer = 0;
    /** @type {ReturnType<typeof listRecordings> | null} */
    this.recorded = null;
  }

  /** Draw a picture with the settings as they stand; its failure is told by the store. */
  generate() {
    this.hold();
    this.store.set({ view: { step: null, part: null } });
    // The address brings this picture back, here and for whomever it is sent to.
    history.replaceState(null, "", writeSettings(this.store.state.settings));
    this.engine.generate().catch(() => {});
  }

  pause() {
    this.engine.pause();
  }

  resume() {
    this.follow();
    this.engine.resume();
  }

  step() {
    this.follow();
    this.engine.step();
  }

  cancel() {
    this.engine.cancel();
  }

  /** Start the engine once more after a failure. */
  restart() {
    this.engine.start().catch(() => {});
  }

  /** The runs that were recorded beforehand. */
  recordings() {
    this.recorded ??= listRecordings().catch(() => []);
    return this.recorded;
  }

  /** Watch a recorded run. @param {string} name */
  watch(name) {
    this.hold();
    this.#view({ step: null, part: null });
    playRecording(this.store, name).catch((error) => console.warn("No recording:", error));
  }

  /** @param {Partial<Settings>} settings */
  change(settings) {
    this.store.set({ settings });
  }

  /** A new seed by chance. */
  dice() {
    this.change({ seed: crypto.getRandomValues(new Uint16Array(1))[0] });
  }

  /** @param {string} text of the word @param {number} gain 0 to 2 */
  strengthen(text, gain) {
    const { [text]: _, ...others } = this.store.state.settings.gains;
    this.change({ gains: gain === 1 ? others : { ...others, [text]: gain } });
  }

  /** Show one step, from 1. @param {number} step */
  show(step) {
    this.hold();
    const { frames } = this.store.state.run;
    if (frames.length) this.#view({ step: Math.max(1, Math.min(frames.length, Math.round(step))) });
  }

  /** Show one step further on or back. @param {number} by */
  move(by) {
    const frame = shownFrame(this.store.state);
    if (frame) this.show(frame.step + by);
  }

  /** Show the newest step, whichever it is. */
  follow() {
    this.hold();
    this.#view({ step: null });
  }

  /** Play the steps from the one on show, or from the first when that was the last. */
  play() {
    const { run } = this.store.state;
    const frame = shownFrame(this.store.state);
    if (!frame) return;
    if (busy(this.store.state) || run.status === "running") return this.follow();
    this.#view({ playing: true, step: frame.step >= run.frames.length ? 1 : frame.step });
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      const now = shownFrame(this.store.state);
      if (!now || now.step >= this.store.state.run.frames.length) this.hold();
      else this.#view({ step: now.step + 1 });
    }, PACE);
  }

  /** Stop playing and stay. */
  hold() {
    clearInterval(this.timer);
    if (this.store.state.view.playing) this.#view({ playing: false });
  }

  /** Choose a word, or none when it is the chosen one. @param {number | null} word */
  choose(word) {
    this.#view({ word: word === this.store.state.view.word ? null : word, stain: true });
  }

  toggleStain() {
    this.#view({ stain: !this.store.state.view.stain });
  }

  /** @param {boolean} mean */
  average(mean) {
    this.#view({ mean });
  }

  /** Open a part, or close it. @param {View["part"]} part */
  open(part) {
    this.#view({ part });
  }

  theme() {
    const dark = document.documentElement.dataset.theme === "dark";
    this.#view({ theme: dark ? "light" : "dark" });
  }

  /** Save the picture on show as a PNG. */
  save() {
    const { run } = this.store.state;
    const image = (atTheEnd(this.store.state) && run.picture) || shownFrame(this.store.state)?.preview;
    if (!image) return;
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    const { prompt, seed } = shownSettings(this.store.state);
    const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["picture"];
    canvas.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${words.slice(0, 9).join("-")}-${seed}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  /** @param {Partial<View>} view */
  #view(view) {
    this.store.set({ view });
  }
}
