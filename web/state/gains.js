/**
 * Strengths of words, by the word in small letters: a word is made stronger or weaker wherever it stands, and one that
 * has left the prompt keeps its strength until it comes back.
 *
 * @typedef {Record<string, number>} Gains
 */
import { readPairs } from "./pairs.js";

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
 * @param {Gains} gains
 * @param {{ text: string }[]} words of the prompt
 * @returns {{ heard: Gains, waiting: Gains }} those whose word is in the prompt, and the others
 */
export function split(gains, words) {
  const there = new Set(words.map(({ text }) => text.toLowerCase()));
  /** @type {{ heard: Gains, waiting: Gains }} */
  const parts = { heard: {}, waiting: {} };
  for (const [word, gain] of Object.entries(gains)) {
    parts[there.has(word.toLowerCase()) ? "heard" : "waiting"][word] = gain;
  }
  return parts;
}

/**
 * @param {Gains} gains by words however they are written
 * @returns {Gains} by the words in small letters
 */
export function lower(gains) {
  return Object.fromEntries(Object.entries(gains).map(([word, gain]) => [word.toLowerCase(), gain]));
}

/**
 * @param {string} text as an address has them: `red:0.5,car:0`
 * @returns {Gains} a factor that is no number becomes NaN
 */
export function readGains(text) {
  return Object.fromEntries(Object.entries(readPairs(text)).map(([word, factor]) => [word, Number(factor)]));
}
