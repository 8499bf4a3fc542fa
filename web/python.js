/**
 * Pyodide for PyScript's worker, which imports this in its place: onnxruntime-web is begun beside Python, not after it. The
 * fragment of this module's address names the backend where the visitor has chosen one.
 */
const { href, hash } = new URL(import.meta.url);
import("./ort.js").then(({ load }) => load(hash.slice(1))).catch(() => {}); // who needs it asks again, and hears why

// The page hears of the worker's errors, and of a promise that fails unheard only so.
addEventListener("unhandledrejection", ({ reason }) => reportError(reason));

// What Python has no word for.
Object.assign(globalThis, { importModule: (/** @type {string} */ address) => import(address) });

const pyodide = new URL("./vendor/pyodide/", href).href;
const interpreter = await import(`${pyodide}pyodide.mjs`);

export const { version } = interpreter;

/** @param {object} options */
export async function loadPyodide(options) {
  const python = await interpreter.loadPyodide({ ...options, indexURL: pyodide });
  // PyScript has every worker import its own package, which compiles it and has the page evaluate a string. Nobody here
  // uses that package, and an import finds what is there already.
  python.runPython("import sys, types; sys.modules['pyscript'] = types.ModuleType('pyscript')");
  return python;
}
