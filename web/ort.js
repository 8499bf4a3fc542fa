/** onnxruntime-web, begun once. For the worker only: python.js begins it beside Python, which then finds it there. */

const MOST_THREADS = 4;

// An Identity of one float: a session of it, made for nothing else, has the WebAssembly compiled and its threads up.
const TINY = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=";

/** @type {Map<string, Promise<any>>} by module */
const begun = new Map();

/**
 * @param {string} module absolute address of a build's JavaScript
 * @param {string} binary and of its WebAssembly
 * @returns {Promise<any>} the module, ready for sessions
 */
export function load(module, binary) {
  const loading = begun.get(module) ?? begin(module, binary);
  begun.set(module, loading);
  loading.catch(() => begun.delete(module));
  return loading;
}

/** @param {string} module @param {string} binary */
async function begin(module, binary) {
  const ort = await import(module);
  ort.env.wasm.wasmPaths = { wasm: binary };
  // Shared memory needs an isolated page.
  const cores = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  ort.env.wasm.numThreads = Math.max(1, Math.min(MOST_THREADS, cores || 1));
  ort.env.logLevel = "error";
  const bytes = Uint8Array.from(atob(TINY), (letter) => letter.charCodeAt(0));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  await session.release();
  return ort;
}
