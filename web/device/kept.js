/**
 * The models that are kept on this device, in the browser's private file system (OPFS), which only this site sees and
 * which lasts. `models/<name>/<sha256>` is a whole file that matched its digest, `<sha256>.part` the beginning of one;
 * `manifest.json` says what they are parts of, and `backend.json` what was found to run them best.
 *
 * @import { ModelEntry } from "../types"
 * @import { Folder, Part } from "./download.js"
 */

import { DownloadError } from "./download.js";

const MODELS = "models";
export const MANIFEST = "manifest.json";
const VERDICT = "backend.json";
const part = (/** @type {string} */ digest) => `${digest}.part`;
// A worker that has just been ended still holds its files for a moment.
const RELEASE_PAUSE = 200; // milliseconds
const RELEASE_TRIES = 50;

/**
 * @param {ModelEntry[]} models
 * @returns {Promise<Record<string, number>>} bytes of each model's files that are here, whole or in part
 */
export async function readKept(models) {
  /** @type {Record<string, number>} */
  const kept = {};
  const folders = await directory([MODELS]).catch(() => null);
  if (!folders) return kept;
  for (const { name, files } of models) {
    const folder = await folders.getDirectoryHandle(name).catch(() => null);
    if (!folder) continue;
    const sizes = await Promise.all(Object.keys(files).map((digest) => sizeOf(folder, digest)));
    kept[name] = sizes.reduce((sum, size) => sum + size, 0);
  }
  return kept;
}

/** @param {FileSystemDirectoryHandle} folder @param {string} digest @returns {Promise<number>} bytes */
async function sizeOf(folder, digest) {
  for (const name of [digest, part(digest)]) {
    const handle = await folder.getFileHandle(name).catch(() => null);
    // While the downloader writes a file, only the downloader may look at it.
    const file = await handle?.getFile().catch(() => null);
    if (file) return file.size;
  }
  return 0;
}

/** Take a model off this device. @param {string} name */
export async function removeKept(name) {
  const folders = await directory([MODELS]).catch(() => null);
  await folders?.removeEntry(name, { recursive: true }).catch((/** @type {DOMException} */ error) => {
    if (error.name !== "NotFoundError") throw error;
  });
}

/** Ask the browser not to throw away what this page keeps. */
export function keepForGood() {
  return navigator.storage?.persist?.().catch(() => false);
}

/** @param {string[]} path @param {FileSystemGetDirectoryOptions} [options] */
async function directory(path, options) {
  let folder = await navigator.storage.getDirectory();
  for (const name of path) folder = await folder.getDirectoryHandle(name, options);
  return folder;
}

/**
 * A model's folder, open for writing: for a worker only.
 *
 * @implements {Folder}
 */
export class KeptFolder {
  // Neither the service worker nor the browser's cache shall keep it as well.
  requests = /** @type {const} */ (["no-store", "no-store"]);
  #handle;

  /** @param {string} name of the model @param {FileSystemDirectoryHandle} handle */
  constructor(name, handle) {
    this.name = name;
    this.#handle = handle;
  }

  /**
   * @param {string} name of a model
   * @returns {Promise<KeptFolder | null>} new if need be; null where the browser has none, as in some private windows
   */
  static async open(name) {
    if (!globalThis.FileSystemFileHandle || !("createSyncAccessHandle" in FileSystemFileHandle.prototype))
      return null;
    const handle = await directory([MODELS, name], { create: true }).catch(() => null);
    return handle && new KeptFolder(name, handle);
  }

  /**
   * Wait until no other tab is at this folder, and keep the others out meanwhile.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  alone(work) {
    return /** @type {Promise<any>} */ (navigator.locks.request(`diffuscope ${MODELS}/${this.name}`, work));
  }

  /** @param {string} digest */
  whole(digest) {
    return this.#file(digest);
  }

  /** @param {string} digest */
  async begun(digest) {
    return (await this.#file(part(digest)))?.size ?? 0;
  }

  /** @param {string} digest */
  async part(digest) {
    const handle = await this.#make(part(digest));
    return new KeptPart(handle, await access(handle));
  }

  /** @param {string} digest */
  async keep(digest) {
    const handle = await this.#make(part(digest));
    await handle.move(digest);
    return handle.getFile();
  }

  /** @param {string} digest */
  async forget(digest) {
    for (const name of [digest, part(digest)])
      if (await this.#file(name)) await this.#handle.removeEntry(name);
  }

  async room() {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return Math.max(0, quota - usage);
  }

  /** Say what the files here are parts of, and remove those of other digests. @param {string} manifest its text */
  async become(manifest) {
    await this.#note(MANIFEST, manifest);
    const files = Object.values(/** @type {{ sha256: string }[]} */ (JSON.parse(manifest).files));
    const wanted = new Set(files.flatMap(({ sha256 }) => [sha256, part(sha256)]));
    const names = [];
    for await (const name of /** @type {any} */ (this.#handle).keys()) names.push(name);
    for (const name of names)
      if (![MANIFEST, VERDICT].includes(name) && !wanted.has(name)) await this.#handle.removeEntry(name);
  }

  /** @returns {Promise<string | null>} what was found to run the model best, as `decide` was told */
  async verdict() {
    return (await (await this.#file(VERDICT))?.text()) ?? null;
  }

  /** @param {string} verdict */
  decide(verdict) {
    return this.#note(VERDICT, verdict);
  }

  /** @param {string} name @param {string} text */
  async #note(name, text) {
    const open = await access(await this.#make(name));
    try {
      open.truncate(0);
      open.write(new TextEncoder().encode(text));
    } finally {
      open.close();
    }
  }

  /** @param {string} name @returns {Promise<any>} */
  #make(name) {
    return this.#handle.getFileHandle(name, { create: true });
  }

  /** @param {string} name @returns {Promise<File | null>} */
  async #file(name) {
    try {
      return await (await this.#handle.getFileHandle(name)).getFile();
    } catch (error) {
      if (/** @type {DOMException} */ (error).name !== "NotFoundError") throw error;
      return null;
    }
  }
}

/**
 * The file system's synchronous access keeps what a closed tab wrote.
 *
 * @implements {Part}
 */
class KeptPart {
  #handle;
  #access;

  /** @param {FileSystemFileHandle} handle @param {any} access */
  constructor(handle, access) {
    this.#handle = handle;
    this.#access = access;
    /** @type {number} */
    this.size = access.getSize();
  }

  /** @param {Uint8Array} data */
  write(data) {
    let written = 0;
    try {
      written = this.#access.write(data, { at: this.size });
    } catch (error) {
      if (/** @type {DOMException} */ (error).name !== "QuotaExceededError") throw error;
    }
    // Chromium throws nothing on a full device: it says 2^32 - 8.
    if (written !== data.byteLength) {
      this.#access.truncate(this.size);
      throw new DownloadError("quota", "full");
    }
    this.size += written;
  }

  clear() {
    this.#access.truncate(0);
    this.size = 0;
  }

  close() {
    this.#access.close();
    return this.#handle.getFile();
  }
}

/** @param {any} handle @returns {Promise<any>} its synchronous access, which only one worker has at a time */
async function access(handle) {
  for (let tries = 0; ; tries++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      const held = /** @type {DOMException} */ (error).name === "NoModificationAllowedError";
      if (!held || tries === RELEASE_TRIES) throw error;
    }
    await new Promise((done) => setTimeout(done, RELEASE_PAUSE));
  }
}
