/**
 * What a visitor can do, by name. Views send these; they never reach for the engine.
 *
 * @import { Engine } from "../engine/engine.js"
 * @import { Entry } from "../runs/recordings.js"
 * @import { Store } from "./store.js"
 * @import { Settings, View } from "../types"
 */

import { chooseFolder, droppedFolder, readFolder } from "../device/folder.js";
import { keepForGood, removeKept } from "../device/kept.js";
import { listRecordings, playRecording } from "../runs/recordings.js";
import { readOptions, writeModel, writeSettings } from "./address.js";
import { within } from "./bounds.js";
import { withGain } from "./gains.js";
import { atTheEnd, busy, shownFrame, shownSettings } from "./selectors.js";

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
    const { settings, model } = this.store.state;
    history.replaceState(null, "", writeSettings(settings, model?.defaults.preview));
    this.engine.runs.generate().catch(() => {});
  }

  pause() {
    this.engine.runs.pause();
  }

  resume() {
    this.follow();
    this.engine.runs.resume();
  }

  step() {
    this.follow();
    this.engine.runs.step();
  }

  cancel() {
    this.engine.runs.cancel();
  }

  /** Start the engine after a failure, or fetch the large model that it has asked about. */
  restart() {
    this.engine.start({ asked: true });
  }

  /** Look anew what this device can do and which models it keeps. */
  survey() {
    this.engine.survey();
  }

  /** Use another model; one that is not on this device is fetched. @param {string} name */
  use(name) {
    const { list, chosen } = this.store.state.models;
    const entry = list.find((one) => one.name === name);
    if (!entry) return;
    // A large model should still be there next time.
    if (entry.bytes > list[0].bytes && !entry.opened) keepForGood();
    if (name === chosen) {
      if (this.store.state.engine.status === "asking") this.restart();
      return;
    }
    this.hold();
    // A folder on the visitor's disk has no address.
    if (!entry.opened) {
      // What stays; steps and the rest are the new model's own.
      const { prompt, negative, seed } = this.store.state.settings;
      const { href } = Object.assign(new URL(location.href), {
        search: writeModel(location.search, entry === list[0] ? null : name),
        hash: writeSettings({ prompt, negative, seed }),
      });
      if (href !== location.href) history.pushState(null, "", href);
    }
    this.engine.use(name);
  }

  /** Back, forward or by hand to an address that names another model, or another picture. */
  travel() {
    const { list, chosen } = this.store.state.models;
    const name = readOptions(location.search).model ?? list[0]?.name;
    if (list.length && name !== chosen) this.engine.use(name, { asked: false });
    else this.engine.visit();
  }

  /** Take a model off this device. @param {string} name */
  async remove(name) {
    await removeKept(name).catch((error) => this.#refuse(error));
    this.engine.survey();
  }

  /** Let the visitor choose a model's folder on their disk, and use it. */
  async openFolder() {
    await this.#open(chooseFolder());
  }

  /** @param {DataTransfer} dropped on the page */
  async drop(dropped) {
    const files = droppedFolder(dropped);
    await this.#open(
      files ?? Promise.reject(new Error("That is no folder: drop a model's whole folder here.")),
    );
  }

  /** @param {Promise<Record<string, File> | null>} choosing */
  async #open(choosing) {
    try {
      const files = await choosing;
      if (!files) return;
      const entry = await readFolder(files);
      const others = this.store.state.models.list.filter(({ name }) => name !== entry.name);
      this.store.set({ models: { list: [...others, entry], chosen: "", trouble: "" } });
      this.use(entry.name);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** @param {unknown} error */
  #refuse(error) {
    this.store.set({ models: { trouble: error instanceof Error ? error.message : String(error) } });
  }

  /** The runs that were recorded beforehand. */
  recordings() {
    this.recorded ??= listRecordings().catch(() => []);
    return this.recorded;
  }

  /** Watch a recorded run. @param {Entry} recording */
  watch(recording) {
    this.hold();
    this.#view({ step: null, part: null });
    playRecording(this.store, recording).catch((error) => console.warn("No recording:", error));
  }

  /** Set what lies within its bounds; a view says what is wrong with the rest. @param {Partial<Settings>} settings */
  change(settings) {
    this.store.set({ settings: within(settings).settings });
  }

  /** A new seed by chance. */
  dice() {
    this.change({ seed: crypto.getRandomValues(new Uint16Array(1))[0] });
  }

  /** @param {string} text of the word @param {number} gain 0 to 2 */
  strengthen(text, gain) {
    this.change({ gains: withGain(this.store.state.settings.gains, text, gain) });
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
