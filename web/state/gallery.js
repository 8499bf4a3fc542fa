/**
 * A gallery's settings: what may vary, through which values, and what its pictures have in common.
 *
 * @import { Gallery, Manifest, Reason, Settings, State, Varied } from "../types"
 */
import { BOUNDS, departure } from "./bounds.js";
import { split } from "./gains.js";
import { escaped } from "./pairs.js";

/** The room's name. */
export const GALLERY = "gallery";

/** What a gallery may vary (pyscript_app/activities/gallery.py). @type {Varied[]} */
export const VARIED = ["seed", "guidance", "sampler", "steps"];

/** Pictures of one gallery that still find room, and are drawn in a time that somebody waits. */
export const MOST = 12;

export const NINE = 9;
const PUSH = 2; // guidance to begin with where nothing pushes

/** Before any was drawn. @type {Gallery} */
export const NO_GALLERY = {
  vary: "seed",
  status: "empty",
  settings: null,
  tiles: [],
  apart: null,
  error: null,
  measured: [],
};

/**
 * @param {Manifest | null} model
 * @returns {Varied[]} what may vary: a model that is asked once and told nothing has no guidance
 */
export function varied(model) {
  return VARIED.filter((name) => name !== "guidance" || model?.guidance !== "none");
}

/**
 * @param {Varied} vary
 * @param {Settings} settings
 * @returns {(string | number)[]} values to begin with; those of the settings are among them
 */
export function usualValues(vary, { seed, guidance, steps }) {
  const limit = (/** @type {number} */ value) => Math.min(value, BOUNDS[vary].maximum ?? value);
  if (vary === "sampler") return [...(BOUNDS.sampler.enum ?? [])];
  if (vary === "seed") {
    const first = Math.min(seed, limit(Number.MAX_SAFE_INTEGER) - NINE + 1);
    return Array.from({ length: NINE }, (_, k) => first + k);
  }
  const push = guidance > 1 ? guidance : PUSH;
  const around =
    vary === "steps"
      ? [1, 2, Math.ceil(steps / 2), steps, 2 * steps]
      : [0, 1, guidance, push, 2 * push, 4 * push];
  return [...new Set(around.map(limit))].sort((a, b) => a - b);
}

/**
 * @param {Varied} vary
 * @param {string} text values with commas or spaces between them
 * @returns {{ values: (string | number)[], wrong: Reason | null }} those that may be, each once; and why the first that may
 *   not
 */
export function readValues(vary, text) {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  const read = words.map((word) => (vary === "sampler" || Number.isNaN(Number(word)) ? word : Number(word)));
  const fits = read.filter((value) => departure(vary, value) === null);
  const wrong = read.map((value) => departure(vary, value)).find(Boolean);
  const values = [...new Set(fits)].slice(0, MOST);
  return { values, wrong: wrong ?? (values.length ? null : { reason: "gallery-none" }) };
}

/**
 * @param {Pick<State, "gallery" | "reading">} state
 * @param {string | number} value of one of the gallery's pictures
 * @returns {Partial<Settings>} what that picture is drawn with; strengths wait for words that are not in the prompt
 */
export function settingsOf({ gallery: { vary, settings }, reading }, value) {
  const read = settings && reading?.prompt === settings.prompt;
  const gains = read ? split(settings.gains, reading.words).heard : settings?.gains;
  return { ...settings, gains, [vary]: value };
}

/**
 * @param {Gallery} gallery
 * @param {Settings} settings
 * @param {{ vary: Varied, values?: (string | number)[] }} asked
 * @returns {boolean} whether it shows that, or is about to
 */
export function shows({ vary, settings: common, tiles, status }, settings, asked) {
  if (vary !== asked.vary || ["empty", "failed"].includes(status)) return false;
  const rest = (/** @type {object | null} */ from) =>
    JSON.stringify({ ...from, [vary]: null, preview: null, every: null }, Object.keys(settings).sort());
  const values = asked.values ?? tiles.map(({ value }) => value);
  return rest(common) === rest(settings) && tiles.map(({ value }) => value).join() === values.join();
}

/**
 * @param {string} hash as in `location.hash`
 * @returns {{ vary: Varied, values?: (string | number)[] }} the gallery that it names: nine seeds, if none
 */
export function readGallery(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const vary = VARIED.find((name) => name === given.get("vary")) ?? "seed";
  const { values } = readValues(vary, given.get("values") ?? "");
  return values.length ? { vary, values } : { vary };
}

/**
 * @param {Gallery} gallery that is drawn
 * @returns {string} what `readGallery` reads, to be put behind a hash; usual values need not be said
 */
export function writeGallery({ vary, settings, tiles }) {
  const values = tiles.map(({ value }) => value);
  const usual = settings && usualValues(vary, settings).join() === values.join();
  const said = usual ? "" : `&values=${escaped(values.join()).replaceAll("%2C", ",")}`;
  return `&vary=${vary}${said}`;
}
