/**
 * Starts the Python worker and carries messages; what they mean is engine.js's business.
 *
 * Python and onnxruntime-web live together in one worker (pyscript_app/browser/commands.py), so that this thread only
 * draws. Commands go through PyScript's `sync`; what the worker reports comes as messages, their arrays transferred.
 *
 * @import { ModelFiles } from "../device/files.js"
 */

import { EngineError, troubleOf } from "./trouble.js";
import { keepObservers, watching } from "./watching.js";

const LOOK_AGAIN = 10; // milliseconds
const PATIENCE = 180_000; // milliseconds that a slow line and a slow device may take to bring Python up

/**
 * @typedef {object} StartOptions
 * @property {string} base the page's address
 * @property {string} manifest the model's, as text; its files come through `PythonWorker.files`
 * @property {"webgpu" | "wasm" | null} backend null for the better one
 * @property {string | null} verdict what an earlier start on these files returned, as far as that is known
 */

/**
 * Where a picture's run begins, if not in noise.
 *
 * @typedef {object} Place
 * @property {{ width: number, height: number, data: ArrayLike<number>, strength: number }} [start] at a picture
 * @property {{ run: string, step: number, latent?: Float32Array, guidance?: number }} [from] after a step of an earlier run
 */

/**
 * @typedef {object} Commands the functions that main.py exports
 * @property {(options: StartOptions) => Promise<any>} start
 * @property {(activity: string, wishes?: object, id?: string) => Promise<any>} run
 * @property {(runs: string[]) => Promise<void>} retain
 * @property {(text: string) => Promise<any>} read_prompt
 * @property {(settings: object) => Promise<number[]>} noise_shares
 * @property {(latent: Float32Array, scale?: number) => Promise<{ picture: Float32Array, ms: number }>} decode
 * @property {(run: string, step: number, guidance: number) => Promise<any>} take_step gives a `Retaken` with a `picture` in
 *   place of its preview, or the `trouble`
 * @property {(seconds: number) => Promise<void>} rest
 * @property {() => Promise<void>} pause
 * @property {() => Promise<void>} resume
 * @property {() => Promise<void>} step
 * @property {() => Promise<void>} cancel
 */

/** One PyScript worker, from its script element to its end. */
export class PythonWorker {
  #late = 0;
  /** @type {Pick<ModelFiles, "open"> | null} of the model that Python is asked to start */
  files = null;

  /**
   * @param {(message: any) => void} onMessage told every object with a `kind` that the worker posts; and `trouble` when
   *   the worker fails after its start
   * @param {{ backend?: StartOptions["backend"], patience?: number }} [options] `backend`: null for the better one;
   *   `patience`: milliseconds that the start may take
   */
  constructor(onMessage, { backend = null, patience = PATIENCE } = {}) {
    this.script = document.createElement("script");
    this.onMessage = onMessage;
    this.backend = backend;
    this.patience = patience;
    this.ended = false;
  }

  /**
   * @returns {Promise<Commands>} when Python runs and main.py is imported; rejects when that fails, or takes too long
   */
  start() {
    const started = new Promise((resolve, reject) => {
      const values = { count: Math.round(this.patience / 60_000) };
      const late = () => reject(new EngineError({ code: "network", reason: "start-late", values }));
      this.#late = setTimeout(late, this.patience);
      this.#boot(reject).then(resolve, reject);
    });
    return started.finally(() => clearTimeout(this.#late));
  }

  /** End it at once; this alone gives its memory back. `start` then never resolves. */
  end() {
    this.ended = true;
    clearTimeout(this.#late);
    /** @type {any} */ (this.script).xworker?.terminate();
    this.script.remove();
  }

  /** @param {(error: Error) => void} fail hears of errors until Python runs; then the page does */
  async #boot(fail) {
    const page = new URL("./", document.baseURI);
    const { hooks, whenDefined } = await keepObservers(
      () => import(new URL("./vendor/pyscript/core.js", page).href),
    );
    // PyScript hands hooks to its worker as text, evaluated on both sides, which the page's policy refuses. It has one of
    // its own, for its Python package (python.js).
    hooks.worker.onBeforeRunAsync.clear();
    watching(true);
    this.script.type = "py";
    this.script.setAttribute("worker", "");
    this.script.setAttribute("src", "./main.py");
    this.script.setAttribute("config", JSON.stringify(config(page, this.backend)));
    if (!this.ended) document.body.append(this.script);
    await whenDefined("py");
    const worker = await this.#made();
    watching(false);
    worker.addEventListener("error", (/** @type {ErrorEvent} */ event) => fail(new Error(event.message)));
    worker.addEventListener("message", (/** @type {MessageEvent} */ { data, ports }) => {
      if (data?.kind === "open") this.#open(data.paths, ports[0]);
      else if (data?.kind) this.onMessage(data);
    });
    await worker.ready;
    fail = (error) => this.onMessage({ kind: "trouble", ...troubleOf(error) });
    return worker.sync;
  }

  /** Give Python files of the model (openfiles.js). @param {string[]} paths @param {MessagePort} port */
  async #open(paths, port) {
    try {
      port.postMessage({ files: await this.files?.open(paths) });
    } catch (error) {
      port.postMessage({ trouble: troubleOf(error) });
    }
  }

  /** @returns {Promise<any>} the worker, which PyScript makes of the script soon after it is in the page */
  async #made() {
    const script = /** @type {any} */ (this.script);
    const deadline = performance.now() + this.patience;
    while (!script.xworker && performance.now() < deadline)
      await new Promise((done) => setTimeout(done, LOOK_AGAIN));
    if (script.xworker && !this.ended) return script.xworker;
    script.xworker?.terminate();
    return new Promise(() => {});
  }
}

/** PyScript's, of a worker. @param {URL} page @param {StartOptions["backend"]} backend */
function config(page, backend) {
  return {
    // Absolute: of a relative address PyScript sees only those that end in ".js".
    interpreter: new URL(`./python.js#${backend ?? ""}`, page).href,
    files: { "./app.zip": "./*" },
    sync_main_only: true, // it needs no shared memory
  };
}
