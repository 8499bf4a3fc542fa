/**
 * Settings and the room in the address: `#prompt=…&seed=…&steps=…&guidance=…&sampler=…&negative=…&gains=red:0.5,car:0&preview=…&every=…&spacing=…&slots=car:cut`,
 * how it is looked at as `&lens=changed&step=3&word=2&part=4`, all counted from 1, and `&room=compare`, with what differs of
 * a comparison's second run as `&b.seed=8`, in a gallery `&vary=seed&values=7,8,9`; options in `?model=…&backend=…`.
 *
 * @import { Backend, Lens, Manifest, Reason, Settings } from "../types"
 * @typedef {{ lens?: Lens, step?: number, word?: number, part?: number }} Look
 */
import { DEFAULTS, NAMES, within } from "./bounds.js";
import { readGains } from "./gains.js";
import { LENSES } from "./lenses.js";
import { escaped, readPairs, writePairs } from "./pairs.js";
import { PARTS } from "./parts.js";

const COUNTED = /** @type {const} */ (["step", "word", "part"]);
const USUAL_LENS = LENSES[0];
const NUMBERS = ["seed", "steps", "guidance", "every"];

const { negative, gains, every, slots } = DEFAULTS;

/** What an address need not say. An empty prompt is a choice of its own: the picture without words.
 * @type {Partial<Settings>} */
export const USUAL = { negative, gains, every, slots };

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
 * @param {Manifest["defaults"]} [own] the model's, of which how it draws need not be said
 * @returns {string} the hash that brings these settings back
 */
export function writeSettings(settings, own) {
  const { preview = DEFAULTS.preview, spacing = DEFAULTS.spacing } = own ?? {};
  /** @type {Partial<Settings>} */
  const usual = { ...USUAL, preview, spacing };
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

/**
 * @param {string} hash as in `location.hash`
 * @returns {Look} what it says of how a run is looked at; of what nobody could look at, nothing
 */
export function readLook(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {Look} */
  const look = {};
  const lens = LENSES.find((name) => name === given.get("lens"));
  if (lens) look.lens = lens;
  for (const name of COUNTED) {
    const count = Number(given.get(name));
    if (Number.isInteger(count) && count >= 1 && (name !== "part" || count <= PARTS.length))
      look[name] = count;
  }
  return look;
}

/**
 * @param {string} hash as in `location.hash`
 * @param {Look} look
 * @returns {string} the same hash with this look; "" when nothing is left to say
 */
export function writeLook(hash, look) {
  const others = hash.replace(/^#/, "").split("&");
  const said = others.filter((pair) => pair !== "" && !["lens", ...COUNTED].includes(pair.split("=")[0]));
  const now = COUNTED.filter((name) => look[name]).map((name) => `${name}=${look[name]}`);
  if (look.lens && look.lens !== USUAL_LENS) now.unshift(`lens=${look.lens}`);
  // The room stays the last that is said.
  const room = said.findIndex((pair) => pair.startsWith("room="));
  said.splice(room < 0 ? said.length : room, 0, ...now);
  return said.length ? `#${said.join("&")}` : "";
}

/** What the names of a comparison's second run begin with. */
export const BESIDE = "b.";

/** Where two runs are compared. */
export const COMPARE = "compare";

/** Where the visitor is when the address names no room. */
export const STAGE = "stage";

/** What an address says of the room. */
const OF_ROOM = ["room", "vary", "values"];

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
  const said = others.filter((pair) => pair !== "" && !OF_ROOM.includes(pair.split("=")[0]));
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
