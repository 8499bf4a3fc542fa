/**
 * Files of a hosted model: fetched a few at once, gone on with where they broke off, checked against their digests.
 *
 * @import { Stands } from "./progress.js"
 */

import { orAbort } from "../engine/promises.js";
import { sha256 } from "./digest.js";
import { Progress } from "./progress.js";

const AT_ONCE = 4; // files
const PAUSES = [500, 1000, 2000, 4000]; // milliseconds before a broken connection is tried again
const GONE = [404, 410]; // HTTP
const NO_SUCH_RANGE = 416;

/**
 * The files of one model that are here, by their SHA-256.
 *
 * @typedef {object} Folder
 * @property {readonly [RequestCache, RequestCache]} requests how a file is asked for, and how once more if it came
 *   damaged
 * @property {(digest: string) => Promise<Blob | null>} whole the file, if all of it is here
 * @property {(digest: string) => Promise<number>} begun bytes of its part
 * @property {(digest: string) => Promise<Part>} part its part, open; an empty one if there was none
 * @property {(digest: string) => Promise<Blob>} keep lets the part be the whole file from now on
 * @property {(digest: string) => Promise<void>} forget removes the file, or its part
 * @property {() => Promise<number>} room bytes that the folder may still grow by
 */

/**
 * The beginning of a file, open for more.
 *
 * @typedef {object} Part
 * @property {number} size
 * @property {(data: Uint8Array<ArrayBuffer>) => void} write appends; throws a DownloadError where the device is full,
 *   and what was written so far stays
 * @property {() => void} clear begins again with nothing
 * @property {() => Promise<Blob>} close gives what is there so far
 */

/** Why files did not come: a code of the page's `Trouble`, and its sentence as `download.<reason>` with values. */
export class DownloadError extends Error {
  /**
   * @param {"missing-file" | "damaged-file" | "network" | "quota"} code
   * @param {string} reason
   * @param {{ file?: string, need?: number, free?: number }} [values] a path; bytes
   */
  constructor(code, reason, values = {}) {
    super(reason);
    Object.assign(this, { code, reason, values });
  }
}

/** Brings files of one model into its folder. */
export class Download {
  #checking = /** @type {Promise<unknown>} */ (Promise.resolve());

  /**
   * @param {string} address absolute, of the model's folder on the server, ending in a slash
   * @param {Record<string, { bytes: number, sha256: string }>} files the manifest's
   * @param {Folder} folder where they go, and what is there already
   * @param {(stands: Stands) => void} report
   */
  constructor(address, files, folder, report) {
    this.address = address;
    this.files = files;
    this.folder = folder;
    this.report = report;
  }

  /**
   * @param {string[]} paths
   * @returns {Promise<Record<string, Blob>>} the files by path, checked
   * @throws {DownloadError} a file is missing or damaged, the network failed, or there is no room. What has arrived
   *   stays in the folder, and the next call goes on from there.
   */
  async load(paths) {
    // Two paths of the same content are one file.
    const first = new Map(
      [...paths]
        .sort()
        .reverse()
        .map((path) => [this.files[path].sha256, path]),
    );
    /** @type {Record<string, number>} */
    const here = {};
    for (const [digest, path] of first) here[path] = await this.#arrived(digest);
    const total = Object.keys(here).reduce((sum, path) => sum + this.files[path].bytes, 0);
    const need = total - Object.values(here).reduce((sum, size) => sum + size, 0);
    const free = await this.folder.room();
    if (need > free) throw new DownloadError("quota", "room", { need, free });
    this.progress = new Progress(here, total, this.report);
    const stop = new AbortController();
    const waiting = Object.keys(here).sort();
    /** @type {Record<string, Blob>} */
    const loaded = {};
    const bring = async () => {
      for (let path = waiting.shift(); path && !stop.signal.aborted; path = waiting.shift())
        loaded[path] = await this.#load(path, stop.signal);
    };
    const lanes = Array.from({ length: AT_ONCE }, bring);
    try {
      await Promise.all(lanes);
      this.progress.end();
    } finally {
      stop.abort(); // one that failed ends them all; each closes its part
      await Promise.allSettled(lanes);
    }
    return Object.fromEntries(
      paths.map((path) => [path, loaded[/** @type {string} */ (first.get(this.files[path].sha256))]]),
    );
  }

  /** @param {string} digest @returns {Promise<number>} bytes */
  async #arrived(digest) {
    return (await this.folder.whole(digest))?.size ?? this.folder.begun(digest);
  }

  /** @param {string} path @param {AbortSignal} stop */
  async #load(path, stop) {
    const digest = this.files[path].sha256;
    const whole = await this.folder.whole(digest);
    if (whole && (await this.#matches(whole, path))) return whole;
    if (whole) await this.#forget(path); // spoilt in the store
    for (const cache of this.folder.requests) {
      if (await this.#matches(await this.#fetch(path, cache, stop), path)) return this.folder.keep(digest);
      await this.#forget(path);
    }
    throw new DownloadError("damaged-file", "damaged", { file: path });
  }

  /** @param {string} path */
  async #forget(path) {
    await this.folder.forget(this.files[path].sha256);
    this.progress?.stands(path, 0);
  }

  /** @param {Blob} file @param {string} path */
  async #matches(file, path) {
    const { bytes, sha256: digest } = this.files[path];
    if (file.size !== bytes) return false;
    // One after the other: a file that is checked is in memory for a moment.
    const checked = this.#checking.then(() => sha256(file));
    this.#checking = checked.catch(() => {});
    return (await checked) === digest;
  }

  /**
   * @param {string} path
   * @param {RequestCache} cache
   * @param {AbortSignal} stop
   * @returns {Promise<Blob>} the file as the server gives it: perhaps with other bytes than the manifest promises
   */
  async #fetch(path, cache, stop) {
    const { bytes, sha256: digest } = this.files[path];
    const part = await this.folder.part(digest);
    try {
      let [pauses, tag, reached] = [[...PAUSES], "", part.size];
      while (part.size !== bytes) {
        try {
          const response = await this.#ask(path, part, { cache, signal: stop }, tag);
          tag = response.headers.get("ETag") ?? "";
          await this.#receive(response, part, path);
          break;
        } catch (error) {
          if (error instanceof DownloadError || stop.aborted) throw error;
          // A line that gives something is tried for as long as it does.
          if (part.size > reached) [pauses, reached] = [[...PAUSES], part.size];
          const pause = pauses.shift();
          if (!pause) throw new DownloadError("network", "interrupted", { file: path });
          await orAbort(new Promise((done) => setTimeout(done, pause)), stop);
        }
      }
    } catch (error) {
      await part.close();
      throw error;
    }
    return part.close();
  }

  /**
   * Ask for what the part still lacks; a host that cannot do that is taken from the start.
   *
   * @param {string} path
   * @param {Part} part
   * @param {RequestInit} options
   * @param {string} tag
   * @returns {Promise<Response>}
   */
  async #ask(path, part, options, tag) {
    if (part.size > this.files[path].bytes) part.clear();
    const headers = new Headers(part.size ? { Range: `bytes=${part.size}-` } : {});
    if (part.size && tag.startsWith('"')) headers.set("If-Range", tag); // a weak tag names no bytes
    const response = await fetch(this.address + path, { ...options, headers });
    if (GONE.includes(response.status)) throw new DownloadError("missing-file", "missing", { file: path });
    if (response.status === NO_SUCH_RANGE && part.size) {
      part.clear();
      return this.#ask(path, part, options, "");
    }
    if (!response.ok) throw new Error(`${response.status}`);
    const begins = response.headers.get("Content-Range")?.match(/bytes (\d+)-/)?.[1];
    if (part.size && !(response.status === 206 && Number(begins) === part.size)) {
      part.clear();
      this.progress?.stands(path, 0);
    }
    return response;
  }

  /** @param {Response} response @param {Part} part @param {string} path */
  async #receive(response, part, path) {
    const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).getReader();
    while (part.size <= this.files[path].bytes) {
      const { done, value } = await reader.read();
      if (done) return;
      part.write(value);
      this.progress?.arrived(path, value.byteLength);
    }
    await reader.cancel(); // of a file that is longer than promised
  }
}
