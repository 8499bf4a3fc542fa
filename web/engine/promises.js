/** Promises that end otherwise than by themselves. */

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>} rejects with the signal's reason once it is aborted
 */
export function orAbort(promise, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/** A promise that is settled from outside. */
export class Deferred {
  constructor() {
    this.settled = false;
    /** @type {Promise<unknown>} */
    this.promise = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.promise.catch(() => {}); // a failed start is told by the store too, so nobody has to wait for this one
  }

  resolve() {
    this.settled = true;
    this.settle?.resolve(null);
  }

  /** @param {unknown} reason */
  reject(reason) {
    this.settled = true;
    this.settle?.reject(reason);
  }
}
