// The page's words, as messages in text/<language>.json, and numbers, sizes and lists as the language writes them.

import { IntlMessageFormat } from "../vendor/intl-messageformat.js";

/** @typedef {Record<string, string | number>} Values */

/** Parsing a message and making a formatter cost far more than using them. @type {Map<string, IntlMessageFormat>} */
const messages = new Map();
/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();
/** @type {Record<string, string>} */
let words = {};
let language = "en";

/**
 * Load the words of a language.
 * @param {string} name For instance `en`.
 * @throws {Error} When its file is not there.
 */
export async function loadText(name) {
  const answer = await fetch(new URL(`./${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`The page's words in "${name}" could not be loaded.`);
  words = await answer.json();
  language = name;
  messages.clear();
  formats.clear();
  document.documentElement.lang = name;
}

/** @param {string} key */
function message(key) {
  let found = messages.get(key);
  if (!found) {
    if (!has(key)) throw new Error(`text/${language}.json has no "${key}".`);
    found = new IntlMessageFormat(words[key], language);
    messages.set(key, found);
  }
  return found;
}

/**
 * The words of a key, in ICU's message format: `{name}`, `{count, plural, one {1 step} other {# steps}}`.
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 * @throws {Error} When the language has no such key, or a value is missing.
 */
export function t(key, values = {}) {
  return [message(key).format(values)].flat().join("");
}

/**
 * Whether the language has words for a key.
 * @param {string} key
 */
export function has(key) {
  return key in words;
}

/** @param {"em" | "strong"} tag */
const mark = (tag) => (/** @type {(string | Node)[]} */ parts) => {
  const node = document.createElement(tag);
  node.append(...parts);
  return node;
};
const MARKS = { em: mark("em"), strong: mark("strong") };

/**
 * Words with `<em>` and `<strong>` as nodes. Marks count in the language's words only, never in values.
 * @param {string} key
 * @param {Values} [values]
 * @returns {Node[]}
 */
export function rich(key, values = {}) {
  const said = message(key).format(/** @type {any} */ ({ ...values, ...MARKS }));
  const parts = /** @type {(string | Node)[]} */ ([said].flat());
  return parts.map((part) => (typeof part === "string" ? document.createTextNode(part) : part));
}

const STYLES = /** @type {const} */ ({
  number: {},
  percent: { style: "percent" },
  megabyte: { style: "unit", unit: "megabyte" },
  gigabyte: { style: "unit", unit: "gigabyte" },
});

/**
 * @param {keyof typeof STYLES} style
 * @param {number} value
 * @param {number} digits After the point.
 */
function write(style, value, digits) {
  const name = `${style} ${digits}`;
  let format = formats.get(name);
  if (!format) {
    const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    format = new Intl.NumberFormat(language, { ...STYLES[style], ...fraction });
    formats.set(name, format);
  }
  return format.format(value).replace("-", "−");
}

/**
 * @param {number} value
 * @param {number} [digits] After the point.
 */
export function number(value, digits = 0) {
  return write("number", value, digits);
}

/**
 * A share as a percentage; before a sign that follows it, a narrow space that does not break.
 * @param {number} share 0-1.
 * @param {number} [digits] After the point.
 */
export function percent(share, digits = 0) {
  return write("percent", share, digits).replace(/\s*%$/u, "\u202f%");
}

/**
 * @param {string[]} items As the language lists them.
 * @param {Intl.ListFormatType} [type] "unit" for facts beside one another, without "and".
 */
export function list(items, type = "conjunction") {
  return new Intl.ListFormat(language, { type }).format(items);
}

/** @param {number} bytes As megabytes or gigabytes. */
export function size(bytes) {
  if (bytes >= 999.5e6) return write("gigabyte", bytes / 1e9, bytes < 9.95e9 ? 1 : 0);
  return write("megabyte", bytes / 1e6, bytes < 9.95e6 ? 1 : 0);
}

/** @param {number} count Of a model, in words. */
export function weights(count) {
  return count < 1e9
    ? t("weights.millions", { count: count / 1e6 })
    : t("weights.billions", { count: count / 1e9 });
}

// Units of time stand in the language's words: of a second and an hour Intl knows no sign, only "sec" and "hr".

/** @param {number} ms Milliseconds, as seconds. */
export function seconds(ms) {
  return t("time.seconds", { count: number(ms / 1000, ms < 9950 ? 1 : 0) });
}

/** @param {number} count Seconds, as somebody who waits would say them. */
export function duration(count) {
  if (count < 90) return t("time.seconds", { count: number(Math.ceil(count)) });
  return count < 5400
    ? t("time.minutes", { count: number(Math.round(count / 60)) })
    : t("time.hours", { count: number(count / 3600, 1) });
}
