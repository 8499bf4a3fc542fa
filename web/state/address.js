/**
 * Settings and the room in the address: `#prompt=…&seed=…&steps=…&guidance=…&sampler=…&negative=…&gains=red:0.5,car:0&preview=…&every=…&spacing=…&slots=car:cut`,
 * `&room=compare`, what differs of a comparison's second run as `&b.seed=8`, options in `?model=…&backend=…`.
 *
 * @import { Backend, Reason, Settings } from "../types"
 */
import { DEFAULTS, NAMES, within } from "./bounds.js";
import { readGains } from "./gains.js";
import { readPairs, writePairs } from "./pairs.js";

const NUMBERS = ["seed", "steps", "guidance", "every"];

const { negative, gains, every, spacing, slots } = DEFAULTS;

/** What an address need not say. An empty prompt is a choice of its own: the picture without words.
 * @type {Partial<Settings>} */
export const USUAL = { negative, gains, every, spacing, slots };

/**
 * @param {string} hash as in `location.hash`
 * @param {string} [prefix] of the names: `BESIDE` for a comparison's second run
 * @returns {{ settings: Partial<Settings>, refused: Reason | null }} only what the address names and may name, and what
 *   is wrong with the first value that is out of bounds, or null
 */
export function readSettings(hash, prefix = "") {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {Record<string, unknown>} */
  const wishes = {};
  for (const name of NAMES) {
    const text = given.get(prefix + name);
    if (text !== null) wishes[name] = parse(name, text);
  }
  return within(wishes);
}

/** @param {keyof Settings} name @param {string} text */
function parse(name, text) {
  if (name === "gains") return readGains(text);
  if (name === "slots") return readPairs(text);
  if (!NUMBERS.includes(name)) return text;
  // What is no number stays as it was typed, for the sentence that refuses it.
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

/**
 * @param {Partial<Settings>} settings
 * @param {Settings["preview"]} [preview] the model's own, which need not be said
 * @returns {string} the hash that brings these settings back
 */
export function writeSettings(settings, preview = DEFAULTS.preview) {
  /** @type {Partial<Settings>} */
  const usual = { ...USUAL, preview };
  const given = NAMES.filter((name) => name in settings).map((name) => [name, write(name, settings)]);
  const said = given.filter(([name, text]) => text !== write(/** @type {keyof Settings} */ (name), usual));
  return `#${said.map((pair) => pair.join("=")).join("&")}`;
}

/**
 * @param {Settings} settings of a comparison's second run
 * @param {Settings} first the first one's
 * @returns {string} what of them differs, to be put behind the first one's; of equal ones the seed, so that the address
 *   tells of two
 */
export function writeBeside(settings, first) {
  const [ours, theirs] = [settings, first].map((one) => ({ ...DEFAULTS, ...one }));
  const differing = NAMES.filter((name) => write(name, ours) !== write(name, theirs));
  const said = differing.length ? differing : /** @type {const} */ (["seed"]);
  return said.map((name) => `&${BESIDE}${name}=${write(name, ours)}`).join("");
}

/** @param {keyof Settings} name @param {Partial<Settings>} settings */
function write(name, settings) {
  if (!(name in settings)) return null;
  if (name !== "gains" && name !== "slots") return escaped(String(settings[name]));
  // The commas and colons between the words can be read; those within a word are escaped twice.
  return escaped(writePairs(settings[name] ?? {}))
    .replaceAll("%2C", ",")
    .replaceAll("%3A", ":");
}

/** @param {string} text */
function escaped(text) {
  return String(new URLSearchParams({ "": text })).slice(1);
}

/** What the names of a comparison's second run begin with. */
export const BESIDE = "b.";

/** Where two runs are compared. */
export const COMPARE = "compare";

/** Where the visitor is when the address names no room. */
export const STAGE = "stage";

/** @param {string} hash as in `location.hash` @returns {string} the room that it names, or the stage */
export function readRoom(hash) {
  return new URLSearchParams(hash.replace(/^#/, "")).get("room") || STAGE;
}

/**
 * @param {string} hash as in `location.hash`
 * @param {string} room
 * @returns {string} the same hash with this room; "" when nothing is left to say
 */
export function writeRoom(hash, room) {
  const others = hash.replace(/^#/, "").split("&");
  const said = others.filter((pair) => pair !== "" && !pair.startsWith("room="));
  if (room !== STAGE) said.push(`room=${escaped(room).replaceAll("%2F", "/")}`);
  return said.length ? `#${said.join("&")}` : "";
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
