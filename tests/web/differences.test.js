/** What differs between two runs: the words of their prompts, and their settings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeBetween, changeOf, kindsOf, wishesOf } from "../../web/rooms/compare/change.js";
import { DEFAULTS } from "../../web/state/bounds.js";
import { causes, without, wordsApart, wordsOf } from "../../web/state/differences.js";

const marked = (/** @type {string} */ a, /** @type {string} */ b) =>
  wordsApart(a, b).map((stretches) =>
    stretches.map(({ text, differs }) => (differs ? `[${text}]` : text)).join(""),
  );

for (const [a, b, ours, theirs] of [
  ["a red car at sunset", "a blue car at night", "a [red] car at [sunset]", "a [blue] car at [night]"],
  ["a red car", "a car", "a [red] car", "a car"],
  ["a car", "two old cars", "[a car]", "[two old cars]"],
  ["A Red car", "a red  car", "A Red car", "a red  car"],
  ["", "a boat", "", "[a boat]"],
  ["the cat and the dog", "the dog and the cat", "the [cat] and the [dog]", "the [dog] and the [cat]"],
  ["a née car, red", "a née car. red", "a née car[,] red", "a née car[.] red"],
  ["a car ", "a car", "a car ", "a car"],
]) {
  test(`“${a}” and “${b}” are marked where they differ`, () => {
    assert.deepEqual(marked(a, b), [ours, theirs]);
    const texts = wordsApart(a, b).map((stretches) => stretches.map(({ text }) => text).join(""));
    assert.deepEqual(texts, [a, b]);
  });
}

test("the marks leave the longest sequence that both have in common", () => {
  const words = ["a", "red", "blue", "car", "boat", "and"];
  let seed = 1;
  const next = () => {
    seed = (seed * 48271) % 2147483647;
    return seed;
  };
  const prompt = () => Array.from({ length: next() % 9 }, () => words[next() % words.length]);
  /** By definition. @param {string[]} a @param {string[]} b @returns {number} */
  const longest = (a, b) => {
    if (a.length === 0 || b.length === 0) return 0;
    if (a[0] === b[0]) return 1 + longest(a.slice(1), b.slice(1));
    return Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
  };
  for (let k = 0; k < 200; k++) {
    const [a, b] = [prompt(), prompt()];
    const kept = wordsApart(a.join(" "), b.join(" ")).map((stretches) =>
      stretches.flatMap(({ text, differs }) => (differs ? [] : (text.match(/\S+/g) ?? []))),
    );
    assert.deepEqual(kept[0], kept[1]);
    assert.equal(kept[0].length, longest(a, b), `${a} / ${b}`);
  }
});

test("a long prompt is compared at once", () => {
  const words = Array.from({ length: 1500 }, (_, k) => `w${k % 97}`);
  const began = performance.now();
  wordsApart(words.join(" "), words.toReversed().join(" "));
  assert.ok(performance.now() - began < 2000);
});

test("a word is left out with the space before it, wherever it stands", () => {
  const prompt = "a red car, a boat";
  assert.deepEqual(wordsOf(prompt), ["a", " red", " car", ",", " a", " boat"]);
  assert.equal(without(prompt, new Set([1])), "a car, a boat");
  assert.equal(without(prompt, new Set([0])), "red car, a boat");
  assert.equal(without(prompt, new Set([0, 1, 2, 3, 4, 5])), "");
  assert.equal(without(prompt, new Set()), prompt);
});

const CAR = { ...DEFAULTS, prompt: "a red car", seed: 7 };

test("the causes of a difference are settings that change a picture, said or not", () => {
  assert.deepEqual(causes(CAR, { ...CAR, preview: "linear", every: 3 }), []);
  assert.deepEqual(causes(CAR, { ...CAR, seed: 8, prompt: "a car", gains: { red: 0 } }), [
    "prompt",
    "seed",
    "gains",
  ]);
  const { spacing: _, slots: __, ...unsaid } = CAR;
  assert.deepEqual(causes(CAR, unsaid), []);
});

test("a change becomes wishes, and two runs the change that leads from one to the other", () => {
  assert.deepEqual(wishesOf({ ...changeOf("word"), left: new Set([1]) }, CAR), { prompt: "a car" });
  assert.deepEqual(wishesOf({ ...changeOf("seed"), wishes: { seed: 8 } }, CAR), { seed: 8 });
  assert.deepEqual(wishesOf(changeOf("seed"), CAR), {});
  const other = { ...CAR, guidance: 2 };
  assert.deepEqual(wishesOf(changeBetween(CAR, other), CAR), { guidance: 2 });
  assert.equal(changeBetween(CAR, CAR).kind, "prompt");
});

test("a model that is asked once has no guidance to change, and nothing to avoid", () => {
  const of = (/** @type {any} */ guidance) => kindsOf(/** @type {any} */ ({ guidance }));
  assert.ok(
    ["guidance", "negative"].every((kind) => of("classifier-free").includes(/** @type {any} */ (kind))),
  );
  assert.ok(of("embedded").includes("guidance") && !of("embedded").includes("negative"));
  assert.ok(!of("none").includes("guidance") && !of("none").includes("negative"));
});
