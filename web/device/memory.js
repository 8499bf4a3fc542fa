/**
 * A model's files for this visit only, where the browser has no private file system. The service worker's cache keeps
 * what is fetched so, and answers the next visit's requests.
 *
 * @import { Folder, Part } from "./download.js"
 */

/** @implements {Folder} */
export class MemoryFolder {
  requests = /** @type {const} */ (["default", "reload"]);
  /** @type {Map<string, MemoryPart>} by digest */
  #parts = new Map();

  /** Nothing is whole that has not been checked in this visit. */
  async whole() {
    return null;
  }

  /** @param {string} digest */
  async begun(digest) {
    return this.#parts.get(digest)?.size ?? 0;
  }

  /** @param {string} digest */
  async part(digest) {
    const part = this.#parts.get(digest) ?? new MemoryPart();
    this.#parts.set(digest, part);
    return part;
  }

  /** @param {string} digest */
  async keep(digest) {
    const part = /** @type {MemoryPart} */ (this.#parts.get(digest));
    this.#parts.delete(digest);
    return part.close();
  }

  /** @param {string} digest */
  async forget(digest) {
    this.#parts.delete(digest);
  }

  /** Nobody can tell how much memory there is. */
  async room() {
    return Number.POSITIVE_INFINITY;
  }
}

/** @implements {Part} */
class MemoryPart {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #pieces = [];
  size = 0;

  /** @param {Uint8Array<ArrayBuffer>} data */
  write(data) {
    this.#pieces.push(data);
    this.size += data.byteLength;
  }

  clear() {
    this.#pieces = [];
    this.size = 0;
  }

  /** @returns {Promise<Blob>} the browser holds its bytes where it likes */
  async close() {
    return new Blob(this.#pieces);
  }
}
