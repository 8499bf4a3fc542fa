/**
 * What differs between two runs: of their settings, and of the words of their prompts.
 *
 * @import { Settings } from "../types"
 */
import { DEFAULTS } from "./bounds.js";

/** What changes a picture, in the order of the page. */
const CAUSES = /** @type {const} */ ([
  "prompt",
  "seed",
  "guidance",
  "sampler",
  "steps",
  "negative",
  "gains",
  "slots",
  "spacing",
]);

/** @typedef {typeof CAUSES[number]} Cause */

/**
 * @param {Settings} a
 * @param {Settings} b
 * @returns {Cause[]} the names of what differs; what draws the steps on the way is no difference
 */
export function causes(a, b) {
  const [one, other] = [a, b].map((settings) => ({ ...DEFAULTS, ...settings }));
  return CAUSES.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}

/** A stretch of a prompt. @typedef {{ text: string, differs: boolean }} Stretch */

/**
 * Both prompts cut where they begin or cease to differ, word by word: the words that are not in the longest sequence which
 * both have in common. Large and small letters are the same, as for the tokenizer.
 *
 * @param {string} a
 * @param {string} b
 * @returns {[Stretch[], Stretch[]]} whose texts together are the prompts
 */
export function wordsApart(a, b) {
  const [ours, theirs] = [a, b].map(wordsOf);
  const same = common(ours.map(fold), theirs.map(fold));
  return [mark(ours, new Set(same.map(([i]) => i))), mark(theirs, new Set(same.map(([, j]) => j)))];
}

/** @param {string} prompt @returns {string[]} its words, each with the space before it; together they are the prompt */
export function wordsOf(prompt) {
  return prompt.match(/\s*(?:[\p{L}\p{N}\p{M}'’]+|\S)|\s+$/gu) ?? [];
}

/** @param {string} word */
function fold(word) {
  return word.trim().toLowerCase();
}

/**
 * The longest common subsequence.
 *
 * @param {string[]} a
 * @param {string[]} b
 * @returns {[number, number][]} the places of its words in both
 */
function common(a, b) {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let [i, j] = [a.length, b.length];
  /** @type {[number, number][]} */
  const end = [];
  while (i > from && j > from && a[i - 1] === b[j - 1]) end.unshift([--i, --j]);
  /** @type {[number, number][]} */
  const begin = Array.from({ length: from }, (_, k) => [k, k]);
  return [...begin, ...between(a.slice(from, i), b.slice(from, j), from), ...end];
}

/** The same of what has neither beginning nor end in common. @param {string[]} a @param {string[]} b @param {number} from @returns {[number, number][]} */
function between(a, b, from) {
  // length[i][j]: of the longest one from a's i and b's j on.
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  /** @type {[number, number][]} */
  const found = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) found.push([from + i++, from + j++]);
    else if (length[i + 1][j] >= length[i][j + 1]) i++;
    else j++;
  }
  return found;
}

/** @param {string[]} words @param {Set<number>} same @returns {Stretch[]} */
function mark(words, same) {
  /** @type {Stretch[]} */
  const out = [];
  for (const [index, word] of words.entries()) {
    const differs = !same.has(index) && word.trim() !== "";
    const before = out.at(-1);
    const [space, text] = [word.slice(0, word.length - word.trimStart().length), word.trimStart()];
    if (before && before.differs === differs) before.text += word;
    else {
      // The space before a difference is none.
      if (space && differs && before) before.text += space;
      else if (space && differs) out.push({ text: space, differs: false });
      out.push({ text: differs ? text : word, differs });
    }
  }
  return out;
}

/**
 * @param {string} prompt
 * @param {ReadonlySet<number>} left the places of words among `wordsOf`
 * @returns {string} the prompt without them
 */
export function without(prompt, left) {
  return wordsOf(prompt)
    .filter((_, index) => !left.has(index))
    .join("")
    .trimStart();
}
