/**
 * Strengths of words, by the word in small letters: a word is made stronger or weaker wherever it stands, and one that
 * has left the prompt keeps its strength until it comes back.
 *
 * @typedef {Record<string, number>} Gains
 */

/**
 * @param {Gains} gains
 * @param {string} [word]
 * @returns {number} its factor, 1 where nothing was said
 */
export function gainOf(gains, word = "") {
  return gains[word.toLowerCase()] ?? 1;
}

/**
 * @param {Gains} gains
 * @param {string} word
 * @param {number} gain 1 leaves the word as it is
 * @returns {Gains} with that word at that strength
 */
export function withGain(gains, word, gain) {
  const { [word.toLowerCase()]: _, ...others } = gains;
  return gain === 1 ? others : { ...others, [word.toLowerCase()]: gain };
}

/**
 * @template Wish
 * @param {Record<string, Wish>} wishes by word: strengths, or what happens to slots
 * @param {{ text: string }[]} words of the prompt
 * @returns {{ heard: Record<string, Wish>, waiting: Record<string, Wish> }} those whose word is in the prompt, and the
 *   others
 */
export function split(wishes, words) {
  const there = new Set(words.map(({ text }) => text.toLowerCase()));
  /** @type {{ heard: Record<string, Wish>, waiting: Record<string, Wish> }} */
  const parts = { heard: {}, waiting: {} };
  for (const [word, wish] of Object.entries(wishes)) {
    parts[there.has(word.toLowerCase()) ? "heard" : "waiting"][word] = wish;
  }
  return parts;
}

/**
 * @template Wish
 * @param {Record<string, Wish>} wishes by words however they are written
 * @returns {Record<string, Wish>} by the words in small letters
 */
export function lower(wishes) {
  return Object.fromEntries(Object.entries(wishes).map(([word, wish]) => [word.toLowerCase(), wish]));
}

/**
 * As an address has them: `red:0.5,car:0`. A word's own commas and colons are escaped.
 *
 * @param {Record<string, string | number>} wishes by word
 * @returns {string}
 */
export function writeWords(wishes) {
  return Object.entries(wishes)
    .map(([word, wish]) => `${encodeURIComponent(word)}:${wish}`)
    .join(",");
}

/**
 * @template Wish
 * @param {string} text as `writeWords` gives it
 * @param {(text: string) => Wish} parse of what is wished for a word
 * @returns {Record<string, Wish>} a part that names no word is left out
 */
export function readWords(text, parse) {
  /** @type {[string, Wish][]} */
  const wishes = [];
  for (const part of text.split(",")) {
    const [word, wish] = part.split(":");
    if (word && wish) wishes.push([decoded(word), parse(wish)]);
  }
  return lower(Object.fromEntries(wishes));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed a lone per cent sign
  }
}
