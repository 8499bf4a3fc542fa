/**
 * The worker that brings a model's files here: from the device, from the server, or from the folder that the visitor
 * opened. It answers files.js; only a dedicated worker may write to the private file system.
 *
 * @import { Manifest } from "../types"
 */

import { sha256 } from "./digest.js";
import { Download, DownloadError } from "./download.js";
import { KeptFolder, MANIFEST } from "./kept.js";
import { MemoryFolder } from "./memory.js";

/** The files of one model. */
class Model {
  /** @type {Record<string, Blob>} those that are here and were checked, by path */
  #held = {};
  #turn = /** @type {Promise<unknown>} */ (Promise.resolve());
  #memory = new MemoryFolder();

  /**
   * @param {object} source
   * @param {string} source.name of the model, by which the device keeps it
   * @param {string} source.address absolute, of its folder on the server, ending in a slash
   * @param {string} source.manifest its text
   * @param {Record<string, File> | null} source.opened the files, by path, of a folder that the visitor opened
   */
  constructor({ name, address, manifest, opened }) {
    this.address = address;
    this.manifest = manifest;
    this.opened = opened;
    this.files = /** @type {Manifest} */ (JSON.parse(manifest)).files;
    this.kept = opened ? Promise.resolve(null) : KeptFolder.open(name);
  }

  /**
   * @param {string[]} paths
   * @returns {Promise<Record<string, Blob>>} by path
   * @throws {DownloadError}
   */
  open(paths) {
    // What is here does not wait for what is on its way.
    if (paths.every((path) => this.#held[path])) return this.#open(paths);
    const opened = this.#turn.then(() => this.#open(paths));
    this.#turn = opened.catch(() => {});
    return opened;
  }

  /** @returns {Promise<string[]>} the paths of what nothing but the service worker's cache keeps */
  async fleeting() {
    if (this.opened) return [];
    return [MANIFEST, ...((await this.kept) ? [] : Object.keys(this.#held))];
  }

  async verdict() {
    return (await this.kept)?.verdict() ?? null;
  }

  /** @param {string} verdict */
  async decide(verdict) {
    await (await this.kept)?.decide(verdict);
  }

  /** @param {string[]} paths */
  async #open(paths) {
    const lacking = paths.filter((path) => !this.#held[path]);
    try {
      if (lacking.length) Object.assign(this.#held, await this.#bring(lacking));
    } finally {
      if (lacking.length) postMessage({ stands: null });
    }
    return Object.fromEntries(paths.map((path) => [path, this.#held[path]]));
  }

  /** @param {string[]} paths @returns {Promise<Record<string, Blob>>} */
  async #bring(paths) {
    if (this.opened) return this.#check(paths, this.opened);
    const kept = await this.kept;
    const download = new Download(this.address, this.files, kept ?? this.#memory, (stands) =>
      postMessage({ stands: { status: "downloading", stage: "", ...stands } }),
    );
    if (!kept) return download.load(paths);
    return kept.alone(async () => {
      await kept.become(this.manifest);
      return download.load(paths);
    });
  }

  /** @param {string[]} paths @param {Record<string, File>} files of the folder that the visitor opened */
  async #check(paths, files) {
    for (const path of [...paths].sort()) {
      postMessage({ stands: { status: "downloading", stage: path } });
      const { bytes, sha256: promised } = this.files[path];
      const file = files[path];
      if (!file) throw new DownloadError("missing-file", "file-absent", { file: path });
      const digest = await sha256(file).catch(() => {
        throw new DownloadError("missing-file", "file-unreadable", { file: path });
      });
      if (file.size !== bytes || digest !== promised)
        throw new DownloadError("damaged-file", "file-damaged", { file: path });
    }
    return files;
  }
}

/** @type {Model} */
let model;

addEventListener("message", async ({ data: { ask, wish }, ports: [port] }) => {
  try {
    if (ask === "begin") model = new Model(wish);
    else port.postMessage({ answer: await /** @type {any} */ (model)[ask](wish) });
  } catch (error) {
    const { code, reason = String(error), values } = /** @type {any} */ (error);
    port.postMessage({ trouble: { code, reason, values } });
  }
});
