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
import { EngineError } from "../engine/trouble.js";
import { listRecordings, playRecording } from "../runs/recordings.js";
import { readOptions, readRoom, STAGE, writeModel, writeRoom, writeSettings } from "./address.js";
import { within } from "./bounds.js";
import { withGain } from "./gains.js";
import { busy, shownFrame, shownPicture, shownRun, shownSettings } from "./selectors.js";

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
    /** The address that was answered last, without its room. */
    this.visited = whereabouts();
  }

  /** Draw a picture with the settings as they stand; its failure is told by the store. */
  generate() {
    this.hold();
    this.store.set({ view: { step: null, part: null, lost: null } });
    // The address brings this picture back, here and for whomever it is sent to.
    const { settings, model } = this.store.state;
    const said = writeSettings(settings, model?.defaults.preview);
    history.replaceState(null, "", writeRoom(said, this.store.state.view.room));
    this.visited = whereabouts();
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
        hash: writeRoom(writeSettings({ prompt, negative, seed }), this.store.state.view.room),
      });
      if (href !== location.href) history.pushState(null, "", href);
      this.visited = whereabouts();
    }
    this.engine.use(name);
  }

  /** Go to a room; "stage" leads back. @param {string} room */
  enter(room) {
    if (room === this.store.state.view.room) return;
    this.#go(room);
    history.pushState(null, "", addressOf(room));
  }

  /** Be at the stage in place of a room that is not there, or failed. @param {string} room @param {"unknown" | "failed"} why */
  miss(room, why) {
    this.#view({ room: STAGE, lost: { room, why } });
    history.replaceState(null, "", addressOf(STAGE));
  }

  /** @param {string} room */
  #go(room) {
    this.hold();
    this.#view({ room, lost: null });
  }

  /** Back, forward or by hand to an address that names another room, another model, or another picture. */
  travel() {
    const room = readRoom(location.hash);
    const { visited } = this;
    if (this.store.state.view.lost) this.#view({ lost: null });
    this.visited = whereabouts();
    if (room !== this.store.state.view.room) {
      this.#go(room);
      // That alone is no reason to draw anew.
      if (this.visited === visited) return;
    }
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
      files ?? Promise.reject(new EngineError({ code: "missing-file", reason: "folder-none" })),
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
    const { frames } = shownRun(this.store.state);
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
    const run = shownRun(this.store.state);
    const frame = shownFrame(this.store.state);
    if (!frame) return;
    if (busy(this.store.state) || run.status === "running") return this.follow();
    this.#view({ playing: true, step: frame.step >= run.frames.length ? 1 : frame.step });
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      const now = shownFrame(this.store.state);
      if (!now || now.step >= shownRun(this.store.state).frames.length) this.hold();
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
    const image = shownPicture(this.store.state);
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

/** The address without its room. */
function whereabouts() {
  return location.search + writeRoom(location.hash, STAGE);
}

/** @param {string} room @returns {string} this address with that room */
function addressOf(room) {
  return location.pathname + location.search + writeRoom(location.hash, room);
}
