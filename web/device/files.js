/**
 * The chosen model's files, for the page and for Python: a worker of their own (downloader.js) brings them, so that
 * they are on their way before Python is there.
 *
 * @import { EngineState, ModelEntry } from "../types"
 */

import { EngineError } from "../engine/trouble.js";
import { size, t } from "../text/text.js";
import { folderOf } from "./models.js";

export class ModelFiles {
  #folder;
  #worker = new Worker(new URL("./downloader.js", import.meta.url), { type: "module", name: "downloader" });

  /**
   * @param {ModelEntry} entry
   * @param {string} manifest its text
   * @param {(stands: Partial<EngineState> | null) => void} report told how files come that an `open` has asked for;
   *   null when they are here, or failed
   */
  constructor(entry, manifest, report) {
    this.#folder = folderOf(entry);
    this.#worker.addEventListener("message", ({ data }) => report(data.stands));
    const address = new URL(this.#folder, document.baseURI).href;
    const opened = entry.opened?.files ?? null;
    this.#worker.postMessage({ ask: "begin", wish: { name: entry.name, address, manifest, opened } });
  }

  /**
   * Bring files here, from wherever they are; those that are here already are given at once.
   *
   * @param {string[]} paths as in the manifest
   * @returns {Promise<Record<string, Blob>>} by path, checked against their digests
   * @throws {EngineError} they did not come: what has arrived is kept, and the next call goes on from there
   */
  open(paths) {
    return this.#ask("open", paths);
  }

  /** @returns {Promise<string[]>} what only the service worker keeps of them, below the page's folder */
  async fleeting() {
    const paths = /** @type {string[]} */ (await this.#ask("fleeting"));
    return paths.map((path) => this.#folder + path);
  }

  /** @returns {Promise<string | null>} what an earlier visit's `decide` was told of these files */
  verdict() {
    return this.#ask("verdict");
  }

  /** Keep beside the files what was found to run them best. @param {string} verdict */
  decide(verdict) {
    return this.#ask("decide", verdict);
  }

  /** End the worker; what has arrived is kept. Nothing that was asked for is answered then. */
  end() {
    this.#worker.terminate();
  }

  /** @param {string} ask @param {unknown} [wish] @returns {Promise<any>} */
  #ask(ask, wish) {
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise((resolve, reject) => {
      port1.onmessage = ({ data: { answer, trouble } }) => {
        port1.close();
        if (trouble) reject(errorOf(trouble));
        else resolve(answer);
      };
      const stopped = ({ message = "downloader.js" }) => reject(new Error(message));
      this.#worker.addEventListener("error", stopped, { once: true });
    });
    this.#worker.postMessage({ ask, wish }, [port2]);
    return answered;
  }
}

/**
 * @param {{ code?: "missing-file" | "damaged-file" | "network" | "quota", reason: string,
 *   values?: { file?: string, need?: number, free?: number } }} trouble of a DownloadError, or of the worker itself
 */
function errorOf({ code, reason, values = {} }) {
  if (!code) return new Error(reason);
  const { file, need = 0, free = 0 } = values;
  const message = t(`download.${reason}`, { file: file ?? "", need: size(need), free: size(free) });
  return new EngineError({ code, message, file });
}
