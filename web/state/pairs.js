// Words with something beside each, as an address has them: `red:0.5,car:0`. A word's own commas and colons are escaped.

/**
 * @param {Record<string, string | number>} pairs
 * @returns {string}
 */
export function writePairs(pairs) {
  return Object.entries(pairs)
    .map(([word, value]) => `${encodeURIComponent(word)}:${value}`)
    .join(",");
}

/**
 * @param {string} text as `writePairs` gives it
 * @returns {Record<string, string>} by the words in small letters; a part that names no word or nothing is left out
 */
export function readPairs(text) {
  /** @type {[string, string][]} */
  const pairs = [];
  for (const part of text.split(",")) {
    const [word, value] = part.split(":");
    if (word && value) pairs.push([decoded(word).toLowerCase(), value]);
  }
  return Object.fromEntries(pairs);
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed a lone per cent sign
  }
}

/** @param {string} text @returns {string} as a field of an address has it */
export function escaped(text) {
  return String(new URLSearchParams({ "": text })).slice(1);
}
