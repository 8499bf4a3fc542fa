/**
 * Settings in the address: `#prompt=…&seed=…&steps=…&guidance=…&sampler=…&negative=…&preview=…&every=…`,
 * options in `?model=…&backend=…`.
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
  preview: String,
  every: Number,
});

/** What an address need not say. An empty prompt is a choice of its own: the picture without words.
 * @type {Partial<Settings>} */
const USUAL = { negative: "", every: 1 };

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
 * @param {Partial<Settings>} settings
 * @param {Settings["preview"]} [preview] the model's own, which need not be said
 * @returns {string} the hash that brings these settings back
 */
export function writeSettings(settings, preview = "full") {
  const usual = { ...USUAL, preview };
  const given = new URLSearchParams();
  for (const name of /** @type {(keyof typeof FIELDS)[]} */ (Object.keys(FIELDS))) {
    if (name in settings && settings[name] !== usual[name]) given.set(name, String(settings[name]));
  }
  return `#${given}`;
}

/**
 * @param {string} search as in `location.search`
 * @returns {{ model: string | null, backend: Backend | null }} null for the page's own model, and for the backend that
 *   the engine finds the better one
 */
export function readOptions(search) {
  const given = new URLSearchParams(search);
  const backend = given.get("backend");
  return {
    model: given.get("model"),
    backend: backend === "webgpu" || backend === "wasm" ? backend : null,
  };
}

/**
 * @param {string} search as in `location.search`
 * @param {string | null} model null for the page's own
 * @returns {string} the same options with this model
 */
export function writeModel(search, model) {
  const given = new URLSearchParams(search);
  if (model === null) given.delete("model");
  else given.set("model", model);
  return String(given);
}
