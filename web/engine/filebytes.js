/** Bytes of a file that are read at the moment they are asked for, and not before. For the worker only. */

const reader = new /** @type {any} */ (globalThis).FileReaderSync();

/**
 * What onnxruntime-web takes for a Uint8Array of a shard: it asks its length, and one weight at a time by `subarray`.
 * So no build of it ever holds more of a shard than the weight that it is copying.
 */
class FileBytes extends Uint8Array {
  #file;

  /** @param {Blob} file */
  constructor(file) {
    super(0);
    this.#file = file;
    Object.defineProperty(this, "byteLength", { value: file.size });
  }

  /**
   * @param {number} [begin]
   * @param {number} [end]
   */
  subarray(begin = 0, end = this.byteLength) {
    return new Uint8Array(reader.readAsArrayBuffer(this.#file.slice(begin, end)));
  }
}

/**
 * @param {Record<string, Blob>} shards by path
 * @returns {{ path: string, data: Uint8Array }[]} a session's option `externalData`
 */
export function externalData(shards) {
  return Object.entries(shards).map(([path, file]) => ({ path, data: new FileBytes(file) }));
}
