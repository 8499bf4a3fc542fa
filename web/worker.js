/**
 * Starts the Python worker and carries messages; what they mean is engine.js's business.
 *
 * Python and onnxruntime-web live together in one worker (pyscript_app/browser/engine.py), so that this thread only
 * draws. Commands go through PyScript's `sync`; what the worker reports comes as messages, their arrays transferred.
 */

const LOOK_AGAIN = 10; // milliseconds

/**
 * @typedef {object} StartOptions
 * @property {string} base the page's address
 * @property {string} folder the model's folder below it
 * @property {string} manifest its text
 * @property {"webgpu" | "wasm" | null} backend null for the better one
 * @property {Record<string, File> | null} opened the files, by path, of a folder that the visitor opened
 */

/**
 * @typedef {object} Commands the functions that main.py exports
 * @property {(options: StartOptions) => Promise<any>} start
 * @property {(settings: object) => Promise<any>} generate
 * @property {(text: string) => Promise<any>} read_prompt
 * @property {(latent: Float32Array) => Promise<{ picture: Float32Array, ms: number }>} decode
 * @property {() => Promise<void>} pause
 * @property {() => Promise<void>} resume
 * @property {() => Promise<void>} step
 * @property {() => Promise<void>} cancel
 */

/** One PyScript worker, from its script element to its end. */
export class PythonWorker {
  /** @param {(message: any) => void} onMessage told every object with a `kind` that the worker posts */
  constructor(onMessage) {
    this.script = document.createElement("script");
    this.onMessage = onMessage;
    this.ended = false;
  }

  /** @returns {Promise<Commands>} when Python runs and main.py is imported */
  async start() {
    const page = new URL("./", document.baseURI);
    const { whenDefined } = await import(new URL("./vendor/pyscript/core.js", page).href);
    this.script.type = "py";
    this.script.setAttribute("worker", "");
    this.script.setAttribute("src", "./main.py");
    this.script.setAttribute("config", "./ps.json");
    document.body.append(this.script);
    await whenDefined("py");
    const worker = await this.#made();
    return new Promise((resolve, reject) => {
      worker.addEventListener("error", (/** @type {ErrorEvent} */ event) => reject(new Error(event.message)));
      worker.addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
        if (data?.kind) this.onMessage(data);
      });
      worker.ready.then(() => resolve(worker.sync), reject);
    });
  }

  /** End it at once; this alone gives its memory back. `start` then never resolves. */
  end() {
    this.ended = true;
    /** @type {any} */ (this.script).xworker?.terminate();
    this.script.remove();
  }

  /** @returns {Promise<any>} the worker, which PyScript makes of the script soon after it is in the page */
  async #made() {
    const script = /** @type {any} */ (this.script);
    while (!script.xworker) await new Promise((done) => setTimeout(done, LOOK_AGAIN));
    if (this.ended) script.xworker.terminate();
    return script.xworker;
  }
}
