/**
 * Settings in the address: `#prompt=…&seed=…&steps=…&guidance=…&sampler=…&negative=…`, options in `?model=…&backend=…`.
 *
 * @import { Backend, Settings } from "./types"
 */

/** What an address may set, and how its text becomes a value. A number that is none is left out. */
const FIELDS = /** @type {const} */ ({
  prompt: String,
  negative: String,
  seed: Number,
  steps: Number,
  guidance: Number,
  sampler: String,
});

/**
 * @param {string} hash as in `location.hash`
 * @returns {Partial<Settings>} only what the address names
 */
export function readSettings(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {Record<string, string | number>} */
  const settings = {};
  for (const [name, parse] of Object.entries(FIELDS)) {
    const text = given.get(name);
    if (text === null) continue;
    const value = parse(text);
    if (typeof value === "string" || (text.trim() !== "" && Number.isFinite(value))) settings[name] = value;
  }
  return settings;
}

/**
 * @param {Settings} settings
 * @returns {string} the hash that brings these settings back
 */
export function writeSettings(settings) {
  const given = new URLSearchParams();
  for (const name of /** @type {(keyof typeof FIELDS)[]} */ (Object.keys(FIELDS))) {
    // An empty prompt is a choice of its own: the picture without words.
    if (settings[name] !== "" || name === "prompt") given.set(name, String(settings[name]));
  }
  return `#${given}`;
}

/**
 * @param {string} search as in `location.search`
 * @returns {{ model: string, backend: Backend | null }} `backend` forces one; null lets the engine choose
 */
export function readOptions(search) {
  const given = new URLSearchParams(search);
  const backend = given.get("backend");
  return {
    model: given.get("model") ?? "miniature",
    backend: backend === "webgpu" || backend === "wasm" ? backend : null,
  };
}
