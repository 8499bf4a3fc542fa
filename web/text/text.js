// The page's words, as data in text/<language>.json, and numbers as the language writes them.

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
  formats.clear();
  document.documentElement.lang = name;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} values
 */
function find(key, values) {
  let found = words[key];
  if (found === undefined && "count" in values) {
    const form = new Intl.PluralRules(language).select(Number(values.count));
    found = words[`${key}.${form}`] ?? words[`${key}.other`];
  }
  if (found === undefined) throw new Error(`text/${language}.json has no "${key}".`);
  return found;
}

/**
 * @param {string} template
 * @param {Record<string, string | number>} values
 */
function insert(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * The words of a key, with {names} replaced.
 * @param {string} key
 * @param {Record<string, string | number>} [values] With `count`, the plural form `<key>.one` or `<key>.other`.
 * @returns {string}
 */
export function t(key, values = {}) {
  return insert(find(key, values), values);
}

/** Whether the words of a language are here. */
export function speaks() {
  return Object.keys(words).length > 0;
}

/**
 * Whether the language has words for a key.
 * @param {string} key
 */
export function has(key) {
  return key in words;
}

/**
 * Words with marks as nodes: `*emphasis*` and `**strong**`. Marks count in the language's words only, never in values.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {Node[]}
 */
export function rich(key, values = {}) {
  return find(key, values)
    .split(/(\*\*[^*]+\*\*|\*[^*]+\*)/)
    .filter(Boolean)
    .map((part) => {
      const strong = part.startsWith("**");
      if (!strong && !part.startsWith("*")) return document.createTextNode(insert(part, values));
      const node = document.createElement(strong ? "strong" : "em");
      node.textContent = insert(part.slice(strong ? 2 : 1, strong ? -2 : -1), values);
      return node;
    });
}

/** Making a formatter costs far more than using it. @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();

/**
 * @param {number} value
 * @param {number} [digits] After the point.
 */
export function number(value, digits = 0) {
  let format = formats.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    formats.set(digits, format);
  }
  return format.format(value).replace("-", "−");
}

/**
 * A share as a percentage, with a narrow space that does not break.
 * @param {number} share 0-1.
 */
export function percent(share) {
  return `${number(share * 100)}\u202f%`;
}

/** @param {string[]} items As the language lists them. */
export function list(items) {
  return new Intl.ListFormat(language).format(items);
}

/** @param {number} ms Milliseconds, as seconds. */
export function seconds(ms) {
  return `${number(ms / 1000, ms < 9950 ? 1 : 0)} s`;
}

/** @param {number} bytes As megabytes or gigabytes. */
export function size(bytes) {
  if (bytes >= 999.5e6) return `${number(bytes / 1e9, bytes < 9.95e9 ? 1 : 0)} GB`;
  return `${number(bytes / 1e6, bytes < 9.95e6 ? 1 : 0)} MB`;
}

/** @param {number} count Of a model, in words. */
export function weights(count) {
  return count < 1e9
    ? t("weights.millions", { count: number(count / 1e6) })
    : t("weights.billions", { count: number(count / 1e9, 2) });
}

/** @param {number} count Seconds, as somebody who waits would say them. */
export function duration(count) {
  if (count < 90) return `${number(Math.ceil(count))} s`;
  return count < 5400 ? `${number(Math.round(count / 60))} min` : `${number(count / 3600, 1)} h`;
}
