/**
 * onnxruntime-web, the smallest of its builds that does what this browser can, begun once. For the worker only: python.js
 * begins it beside Python, which then finds it there.
 */
import { findAdapter } from "./device/adapter.js";

const MOST_THREADS = 4;
const FOLDER = "vendor/ort/";
/** Module and WebAssembly. */
const BUILDS = {
  wasm: ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"],
  jspi: ["ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"],
  asyncify: ["ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"],
};

// An Identity of one float: a session of it, made for nothing else, has the WebAssembly compiled and its threads up.
const TINY = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=";

/** @typedef {{ ort: any, files: string[] }} Loaded the module, ready for sessions, and its files below the page's folder */

/** @type {Promise<Loaded> | null} */
let begun = null;

/**
 * @param {string} backend "webgpu" or "wasm" where only that one may compute, else ""
 * @returns {Promise<Loaded>}
 */
export function load(backend) {
  begun ??= begin(backend);
  begun.catch(() => {
    begun = null;
  });
  return begun;
}

/** @param {string} backend */
async function begin(backend) {
  const files = BUILDS[await buildFor(backend)].map((file) => FOLDER + file);
  const [module, binary] = files.map((file) => new URL(file, import.meta.url).href);
  const ort = await import(module);
  ort.env.wasm.wasmPaths = { wasm: binary };
  // Shared memory needs an isolated page.
  const cores = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  ort.env.wasm.numThreads = Math.max(1, Math.min(MOST_THREADS, cores || 1));
  ort.env.logLevel = "error";
  const bytes = Uint8Array.from(atob(TINY), (letter) => letter.charCodeAt(0));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  await session.release();
  return { ort, files };
}

/** @param {string} backend @returns {Promise<keyof typeof BUILDS>} */
async function buildFor(backend) {
  // A card that is imitated in software is not tried unasked (pyscript_app/browser/backend.py).
  const tried = backend ? backend === "webgpu" : (await findAdapter())?.software === false;
  if (!tried) return "wasm";
  return "Suspending" in WebAssembly ? "jspi" : "asyncify";
}
