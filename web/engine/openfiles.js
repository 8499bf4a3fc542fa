/** Python's end of the model's files (device/files.js): it asks the page for them. For the worker only. */

/**
 * @param {string[]} paths as in the manifest
 * @returns {Promise<{ files: Record<string, Blob>, trouble?: undefined } | { trouble: import("../types").Trouble }>}
 */
export function open(paths) {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((done) => {
    port1.onmessage = ({ data }) => {
      port1.close();
      done(data);
    };
  });
  /** @type {any} */ (globalThis).postMessage({ kind: "open", paths: [...paths] }, [port2]);
  return /** @type {any} */ (answer);
}
