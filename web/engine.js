/**
 * The worker's other end: commands go to Python, and what Python reports becomes the store's state.
 *
 * @import { Commands } from "./worker.js"
 * @import { Diffuscope, Frame, Manifest, Result, Run, Settings, Trouble } from "./types"
 */
import { readOptions, readSettings } from "./address.js";
import { isolate, keep } from "./offline.js";
import { Store } from "./store.js";
import { PythonWorker } from "./worker.js";

const READING_DELAY = 80; // milliseconds of quiet before a prompt is read

/**
 * A run that was asked for.
 *
 * @typedef {object} Job
 * @property {Settings} settings
 * @property {((frame: Frame) => void) | undefined} onFrame
 * @property {AbortController} abort
 * @property {boolean} begun whether Python works on it
 */

/** Starts, steers and reports the engine. One a page. */
export class Engine {
  /** @type {PythonWorker | null} */
  #worker = null;
  /** @type {Commands | null} */
  #python = null;
  /** @type {Job | null} the newest run that was asked for and has not ended */
  #job = null;
  /** @type {Promise<unknown>} settles when Python is free */
  #free = Promise.resolve();
  #ready = deferred();
  #reading = 0;

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.options = readOptions(location.search);
    store.subscribe(
      () => this.#readSoon(),
      ({ settings }) => settings.prompt,
    );
  }

  /**
   * Load the model and the worker, and fill in the settings that the address and the model give. May be called again
   * after a failure. Resolves when pictures can be made, or when it is clear that they cannot (`engine.error`).
   */
  async start() {
    const untouched = this.store.state.settings;
    if (this.store.state.engine.status === "failed") this.#ready = deferred();
    this.store.set({ engine: { status: "booting", stage: "Python", error: null, bytes: 0, total: 0 } });
    try {
      await isolate();
      this.store.set({ engine: { isolated: globalThis.crossOriginIsolated } });
      await this.#boot(await this.#loadManifest(untouched));
    } catch (error) {
      this.#fail(troubleOf(error));
      return;
    }
    this.#ready.resolve(null);
    this.#readSoon();
  }

  /**
   * Draw a picture with the given settings over those of the store. Before the engine is ready the run waits for it;
   * a run that goes on already is cancelled.
   *
   * @param {Partial<Settings>} [given]
   * @param {(frame: Frame) => void} [onFrame]
   * @returns {Promise<Result>} rejects with an AbortError after `cancel()`, with an Error that says what went wrong
   */
  async generate(given = {}, onFrame) {
    this.cancel();
    const settings = { ...this.store.state.settings, ...given };
    /** @type {Job} */
    const job = { settings, onFrame, abort: new AbortController(), begun: false };
    this.#job = job;
    const { steps } = settings;
    const blank = { frames: [], picture: null, stage: "", msPerStep: 0, error: null };
    this.#tell(job, { ...blank, status: "waiting", source: "live", settings, steps });
    try {
      await orAbort(this.#ready.promise, job.abort.signal);
      await orAbort(this.#free, job.abort.signal);
      job.begun = true;
      const started = performance.now();
      this.#tell(job, { status: "running", started });
      const run = /** @type {Commands} */ (this.#python).generate(settings);
      this.#free = run.catch(() => {});
      const { trouble } = await orAbort(run, job.abort.signal);
      if (trouble) throw new EngineError(trouble);
      const { frames } = this.store.state.run;
      const picture = frames[frames.length - 1].preview;
      this.#tell(job, { status: "finished", stage: "", picture });
      return { picture, frames, settings, ms: performance.now() - started };
    } catch (error) {
      if (!job.abort.signal.aborted)
        this.#tell(job, { status: "failed", stage: "", error: troubleOf(error) });
      throw error;
    } finally {
      if (this.#job === job) this.#job = null;
    }
  }

  /** Stop before the next step. */
  pause() {
    this.#steer("running", "paused", "pause");
  }

  resume() {
    this.#steer("paused", "running", "resume");
  }

  /** Do one step and pause again; while the run goes, finish this step and pause. */
  step() {
    this.#steer("running", "paused", "step");
    this.#steer("paused", "paused", "step");
  }

  /** End the run within one step; its promise rejects with an AbortError. */
  cancel() {
    if (!this.#job) return;
    this.#tell(this.#job, { status: "cancelled", stage: "" });
    this.#job.abort.abort(new DOMException("The run was cancelled.", "AbortError"));
    this.#job = null;
    this.#python?.cancel();
  }

  /** @returns {Diffuscope} what `window.diffuscope` is */
  get face() {
    const engine = this;
    return {
      get ready() {
        return engine.#ready.promise.then(() => {
          const { model, engine: facts } = engine.store.state;
          const { backend, adapter, threads } = facts;
          return { model: /** @type {Manifest} */ (model), backend: backend ?? "wasm", adapter, threads };
        });
      },
      generate: (settings, onFrame) => engine.generate(settings, onFrame),
      pause: () => engine.pause(),
      resume: () => engine.resume(),
      step: () => engine.step(),
      cancel: () => engine.cancel(),
    };
  }

  get #folder() {
    return `models/${this.options.model}/`;
  }

  /**
   * @param {Settings} untouched what the settings were before anybody could change them
   * @returns {Promise<string>} its text
   */
  async #loadManifest(untouched) {
    const response = await fetch(`./${this.#folder}manifest.json`).catch(() => null);
    if (!response?.ok || !response.headers.get("Content-Type")?.includes("json")) {
      const message = response
        ? `There is no model named ${this.options.model} here: look at ?model= in the address.`
        : "The model could not be fetched: look at the network and start again.";
      throw new EngineError({ code: response ? "missing-file" : "network", message, file: "manifest.json" });
    }
    const text = await response.text();
    if (this.store.state.model) return text;
    /** @type {Manifest} */
    const model = JSON.parse(text);
    const offered = { ...model.defaults, ...readSettings(location.hash) };
    const now = /** @type {Record<string, any>} */ (this.store.state.settings);
    const before = /** @type {Record<string, any>} */ (untouched);
    const fresh = Object.entries(offered).filter(([name]) => now[name] === before[name]);
    this.store.set({ model, settings: Object.fromEntries(fresh) });
    return text;
  }

  /** @param {string} manifest */
  async #boot(manifest) {
    const worker = new PythonWorker((message) => this.#hear(message));
    this.#worker = worker;
    const python = await worker.start();
    const base = new URL("./", document.baseURI).href;
    const { backend } = this.options;
    const { trouble, files, ...facts } = await python.start({
      base,
      folder: this.#folder,
      manifest,
      backend,
    });
    if (trouble) throw new EngineError(trouble);
    this.#python = python;
    this.#free = Promise.resolve();
    this.store.set({ engine: { ...facts, status: "ready", stage: "" } });
    keep([`${this.#folder}manifest.json`, ...files]).then((offline) =>
      this.store.set({ engine: { offline } }),
    );
  }

  /** @param {any} message that the worker posted */
  #hear({ kind, ...message }) {
    if (kind === "progress") this.store.set({ engine: message });
    if (kind === "trouble") this.#fail(message);
    if (!this.#job?.begun) return; // the last words of a run that was cancelled
    if (kind === "stage") this.#tell(this.#job, { stage: message.stage });
    if (kind === "frame") this.#take(this.#job, message);
  }

  /**
   * @param {Job} job
   * @param {any} fields of a frame as the worker sends it
   */
  #take(job, { kind: _, picture, ...fields }) {
    const { model, run } = this.store.state;
    const { height, width } = /** @type {Manifest} */ (model).picture;
    /** @type {Frame} */
    const frame = { ...fields, preview: new ImageData(new Uint8ClampedArray(picture), width, height) };
    const frames = [...run.frames, frame];
    const msPerStep =
      frames.reduce((sum, { ms }) => sum + ms.unet + ms.step + ms.attention + ms.decode, 0) / frames.length;
    this.#tell(job, { frames, steps: frame.steps, msPerStep });
    job.onFrame?.(frame);
  }

  /**
   * Change the run's state, unless a newer run has taken its place.
   *
   * @param {Job} job
   * @param {Partial<Run>} run
   */
  #tell(job, run) {
    if (this.#job === job) this.store.set({ run });
  }

  /**
   * @param {Run["status"]} from
   * @param {Run["status"]} to
   * @param {"pause" | "resume" | "step"} command
   */
  #steer(from, to, command) {
    if (!this.#job || this.store.state.run.status !== from) return;
    this.#tell(this.#job, { status: to });
    this.#python?.[command]();
  }

  /** The engine cannot go on: say why, and end what it was doing. @param {Trouble} error */
  #fail(error) {
    this.#ready.reject(new EngineError(error));
    this.#ready = deferred();
    this.#ready.reject(new EngineError(error));
    if (this.#job?.begun) {
      this.#tell(this.#job, { status: "failed", stage: "", error });
      this.#job.abort.abort(new EngineError(error));
      this.#job = null;
    }
    this.#worker?.end();
    this.#python = null;
    this.store.set({ engine: { status: "failed", stage: "", error } });
  }

  #readSoon() {
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => this.#read(), READING_DELAY);
  }

  async #read() {
    const { prompt } = this.store.state.settings;
    const reading = await this.#python?.read_prompt(prompt).catch(() => null);
    if (reading && prompt === this.store.state.settings.prompt)
      this.store.set({ reading: { ...reading, prompt } });
  }
}

/** Carries the sentence for the visitor. */
class EngineError extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

/** @param {unknown} error @returns {Trouble} */
function troubleOf(error) {
  if (error instanceof EngineError) return error.trouble;
  const reason = String(error instanceof Error ? error.message : error)
    .trim()
    .split("\n")
    .at(-1);
  return { code: "unknown", message: `The engine stopped (${reason}): start it again, or reload the page.` };
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>} rejects with the signal's reason once it is aborted
 */
function orAbort(promise, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/** A promise that is settled from outside. */
function deferred() {
  /** @type {(value: unknown) => void} */
  let resolve = () => {};
  /** @type {(reason: unknown) => void} */
  let reject = () => {};
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {}); // a failed start is told by the store too, so nobody has to wait for this one
  return { promise, resolve, reject };
}
