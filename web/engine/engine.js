/**
 * The worker's other end: commands go to Python, and what Python reports becomes the store's state.
 *
 * @import { Commands } from "./worker.js"
 * @import { EngineState, Manifest, ModelEntry, Settings, Trouble } from "../types"
 */

import { readDevice } from "../device/device.js";
import { ModelFiles } from "../device/files.js";
import { readKept } from "../device/kept.js";
import { asksFirst, listModels, loadManifest } from "../device/models.js";
import { pictureFiles } from "../device/needs.js";
import { Causes } from "../runs/causes.js";
import { Decoding } from "../runs/decoding.js";
import { Gallery } from "../runs/gallery.js";
import { Outlook } from "../runs/outlook.js";
import { Runs } from "../runs/runs.js";
import { Shelf } from "../runs/shelf.js";
import { BESIDE, COMPARE, readOptions, readRoom, readSettings, USUAL } from "../state/address.js";
import { within } from "../state/bounds.js";
import { GALLERY } from "../state/gallery.js";
import { Store } from "../state/store.js";
import { Activities } from "./activities.js";
import { isolate, keep } from "./offline.js";
import { EngineError, troubleOf } from "./trouble.js";
import { PythonWorker } from "./worker.js";

/** How a model that says nothing of it draws. */
const USUAL_WAY = /** @type {const} */ ({ preview: "full", every: 1, spacing: "trained" });
const READING_DELAY = 80; // milliseconds of quiet before a prompt is read
const STARTING = /** @type {const} */ ({
  status: "booting",
  stage: "Python",
  error: null,
  note: null,
  bytes: 0,
  total: 0,
  rate: null,
  remaining: null,
  offline: false,
  stale: [],
});

/** Starts, ends and reports the engine. One a page. */
export class Engine {
  /** @type {PythonWorker | null} */
  #worker = null;
  /** @type {Promise<Commands> | null} the worker's, once Python runs */
  #python = null;
  /** @type {ModelFiles | null} */
  #files = null;
  /** @type {Pick<EngineState, "status" | "stage"> | null} what goes on beside a download */
  #meanwhile = null;
  #reading = 0;
  /** Whether a model has given the settings its defaults. */
  #offered = false;
  /** Counts the starts: what an earlier one still has to say is not heard. */
  #starts = 0;

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.activities = new Activities();
    this.runs = new Runs(store, this.activities);
    this.causes = new Causes(store, this.activities);
    this.gallery = new Gallery(store, this.activities);
    this.decoding = new Decoding(store, this.runs);
    this.outlook = new Outlook(store, this.runs);
    this.shelf = new Shelf(store);
    this.options = readOptions(location.search);
    store.subscribe(
      ({ settings }) => [settings.prompt],
      () => this.#readSoon(),
    );
  }

  /**
   * Load the chosen model and the worker, and fill in the settings that the address and the model give; whatever ran
   * before is ended. Resolves when pictures can be made, when the visitor has to be asked whether a large model shall
   * be fetched (`engine.status` "asking"), or when it is clear that they cannot be made (`engine.error`).
   *
   * @param {{ asked?: boolean }} [consent] `asked`: the visitor has said that the model shall be fetched
   */
  async start({ asked = false } = {}) {
    const start = ++this.#starts;
    const current = () => start === this.#starts;
    const untouched = this.store.state.settings;
    this.#endWorker();
    this.activities.renew();
    this.store.set({ engine: STARTING });
    // Python comes up while the rest is looked up; but not in a page that is about to reload to be isolated.
    if (globalThis.crossOriginIsolated) this.#wake(current);
    try {
      if (start === 1) await isolate();
      this.store.set({ engine: { isolated: globalThis.crossOriginIsolated } });
      const entry = await this.#chosen();
      const manifest = await loadManifest(entry);
      if (!current()) return;
      this.#offer(JSON.parse(manifest), untouched);
      const ask = !asked && (await this.#mustAsk(entry));
      if (!current()) return;
      if (ask) {
        this.#endWorker();
        this.store.set({ engine: { status: "asking" } });
        return;
      }
      // The files are on their way before Python is there to ask for them.
      const files = new ModelFiles(entry, manifest, (stands) => current() && this.#arrive(stands));
      this.#files = files;
      await Promise.all([files.open(wanted(manifest)), this.#boot(manifest, files, current)]);
    } catch (error) {
      if (current()) this.#fail(troubleOf(error));
    }
  }

  /**
   * Use another model. The worker is ended, which alone gives its memory back; prompt, seed and strengths stay.
   *
   * @param {string} name of an entry in the store's `models.list`
   * @param {{ asked?: boolean }} [consent] as for `start`
   */
  use(name, consent = { asked: true }) {
    this.runs.cancel();
    this.gallery.clear();
    this.activities.clear();
    this.store.set({
      models: { chosen: name, trouble: "" },
      model: null,
      reading: null,
      runs: { shown: "", beside: null },
      view: { step: null, word: null, part: null, playing: false },
    });
    return this.start(consent);
  }

  /** Look what this device can do and which models it keeps. */
  async survey() {
    const [device, kept] = await Promise.all([readDevice(), readKept(this.store.state.models.list)]);
    this.store.set({ models: { device, kept } });
  }

  /** @param {ModelEntry} entry @returns {Promise<boolean>} whether it is large, and not on this device */
  async #mustAsk(entry) {
    if (!asksFirst(entry, {})) return false;
    await this.survey();
    return asksFirst(entry, this.store.state.models.kept);
  }

  /** @returns {Promise<ModelEntry>} the model that the visitor, the address or the page has chosen */
  async #chosen() {
    if (this.store.state.models.list.length === 0) {
      const list = await listModels();
      this.store.set({ models: { list, chosen: this.options.model ?? list[0].name } });
    }
    const { list, chosen } = this.store.state.models;
    const entry = list.find(({ name }) => name === chosen);
    if (entry) return entry;
    throw new EngineError({ code: "missing-file", reason: "model-unknown", values: { name: chosen } });
  }

  /**
   * Take the model's defaults for settings: at first with the address over them, where nobody has changed anything
   * yet; later with the prompt, the seed and the strengths that are there. An address that names a prompt is drawn.
   *
   * @param {Manifest} model
   * @param {Settings} untouched what the settings were before anybody could change them
   */
  #offer(model, untouched) {
    if (this.store.state.model) return; // started again after a failure
    const { refused: unusable } = within(model.defaults);
    if (unusable) throw new EngineError({ code: "settings", ...unusable });
    const offered = { ...USUAL_WAY, ...model.defaults };
    if (this.#offered) {
      const { prompt: _, seed: __, ...others } = offered;
      this.store.set({ model, settings: others });
      return;
    }
    this.#offered = true;
    const now = /** @type {Record<string, any>} */ (this.store.state.settings);
    const before = /** @type {Record<string, any>} */ (untouched);
    const address = readSettings(location.hash);
    const given = Object.entries({ ...offered, ...address.settings });
    const fresh = given.filter(([name]) => now[name] === before[name]);
    this.store.set({ model, settings: Object.fromEntries(fresh) });
    this.#answer(address);
  }

  /** Another address of this page, with the same model: what it leaves out is the model's own again. */
  visit() {
    const { model } = this.store.state;
    const address = readSettings(location.hash);
    if (!model || !("prompt" in address.settings)) return;
    this.store.set({
      settings: { ...USUAL, ...USUAL_WAY, ...model.defaults, ...address.settings },
      start: { on: false }, // no address holds a picture
    });
    this.#answer(address);
  }

  /** Draw what an address names, in its room for that a second run too, or say why not. @param {ReturnType<typeof readSettings>} address */
  #answer({ settings, refused }) {
    const room = readRoom(location.hash);
    const beside = readSettings(room === COMPARE ? location.hash : "", BESIDE);
    const wrong = refused ?? beside.refused;
    if (wrong) this.runs.refuse(wrong);
    else if (room === GALLERY) this.gallery.visit();
    else if (!("prompt" in settings)) return;
    else if (Object.keys(beside.settings).length) this.runs.compare({}, beside.settings).catch(() => {});
    else this.runs.generate({}, undefined, { behind: true }).catch(() => {});
  }

  /**
   * @param {() => boolean} current whether this is still the newest start
   * @returns {Promise<Commands>} of this start's worker, once Python runs in it
   */
  #wake(current) {
    if (!this.#worker) {
      const hear = (/** @type {any} */ message) => current() && this.#hear(message);
      const worker = new PythonWorker(hear, { backend: this.options.backend });
      this.#worker = worker;
      this.#python = worker.start();
      this.#python.catch(() => {}); // `#boot` hears of it, if it comes so far
    }
    return /** @type {Promise<Commands>} */ (this.#python);
  }

  /** How files come; null: what went on beside it goes on. @param {Partial<EngineState> | null} stands */
  #arrive(stands) {
    const { status, stage } = this.store.state.engine;
    this.#meanwhile ??= { status, stage };
    this.store.set({ engine: stands ?? this.#meanwhile });
    if (!stands) this.#meanwhile = null;
  }

  /**
   * @param {string} manifest the model's, as text
   * @param {ModelFiles} files
   * @param {() => boolean} current whether this is still the newest start
   */
  async #boot(manifest, files, current) {
    const python = await this.#wake(current);
    const worker = this.#worker;
    if (!current() || !worker) return;
    worker.files = files;
    const before = await files.verdict();
    const { trouble, build, verdict, ...facts } = await python.start({
      base: new URL("./", document.baseURI).href,
      manifest,
      backend: this.options.backend,
      verdict: before,
    });
    if (!current()) return;
    if (trouble) throw new EngineError(trouble);
    if (verdict !== before) files.decide(verdict).catch(() => {}); // it is asked anew then
    this.store.set({ engine: { ...facts, status: "ready", stage: "" } });
    this.activities.begin(python);
    this.#readSoon();
    this.survey();
    files
      .fleeting()
      .then((paths) => keep([...build, ...paths]))
      .then(({ all, stale }) => current() && this.store.set({ engine: { offline: all, stale } }));
  }

  /** @param {any} message that the worker posted */
  #hear(message) {
    const { kind, ...fields } = message;
    if (kind === "progress") this.store.set({ engine: fields });
    else if (kind === "trouble") this.#fail(fields);
    else if (kind === "forgotten") this.runs.forget(fields.run);
    else this.activities.hear(message);
  }

  /** The engine cannot go on: say why, and end what it was doing. @param {Trouble} error */
  #fail(error) {
    this.#endWorker();
    this.activities.fail(error);
    this.store.set({ engine: { status: "failed", stage: "", error } });
    this.survey(); // what has arrived is kept, and counts
  }

  #endWorker() {
    this.#worker?.end();
    this.#worker = null;
    this.#files?.end();
    this.#files = null;
    this.#meanwhile = null;
    this.activities.python = null;
    this.runs.forgetAll();
  }

  #readSoon() {
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => this.#read(), READING_DELAY);
  }

  async #read() {
    const { prompt } = this.store.state.settings;
    const reading = await this.runs.python?.read_prompt(prompt).catch(() => null);
    if (reading && prompt === this.store.state.settings.prompt)
      this.store.set({ reading: { ...reading, prompt } });
  }
}

/** @param {string} manifest @returns {string[]} what a picture needs; nothing of a manifest that Python will refuse */
function wanted(manifest) {
  try {
    return pictureFiles(JSON.parse(manifest));
  } catch {
    return [];
  }
}
