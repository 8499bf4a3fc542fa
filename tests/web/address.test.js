/** Settings in the address, out and back, and what an address may not say. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { sentence } from "../../web/engine/trouble.js";
import {
  BESIDE,
  readLook,
  readRoom,
  readSettings,
  STAGE,
  writeBeside,
  writeLook,
  writeRoom,
  writeSettings,
} from "../../web/state/address.js";
import { DEFAULTS, NAMES } from "../../web/state/bounds.js";
import { english } from "./english.js";

before(english);

const EVERYTHING = {
  prompt: "a red, car & a 50 % boat: née +1 #x",
  negative: "a blue house",
  seed: 2 ** 53 - 1,
  steps: 7,
  guidance: 7.25,
  sampler: "dpm++2m",
  gains: { red: 0.5, car: 0, ",": 1.7, ":": 2, "%": 3, née: 0.05 },
  preview: "linear",
  every: 3,
  spacing: "late",
  slots: { "two words": "alone", "<padding>": "cut" },
};

test("every setting comes back from the address", () => {
  assert.deepEqual(Object.keys(EVERYTHING), NAMES);
  assert.deepEqual(readSettings(writeSettings(EVERYTHING)), { settings: EVERYTHING, refused: null });
});

test("strengths stand in the address as anybody would type them", () => {
  const hash = writeSettings({ prompt: "a red car", gains: { red: 0.5, car: 0 } });
  assert.equal(hash, "#prompt=a+red+car&gains=red:0.5,car:0");
  assert.deepEqual(readSettings("#gains=Red:0.5,car:0").settings.gains, { red: 0.5, car: 0 });
});

test("what is usual is not said, and an empty prompt is a choice", () => {
  assert.equal(writeSettings({ prompt: "", negative: "", seed: 0, gains: {}, every: 1 }), "#prompt=&seed=0");
  assert.deepEqual(readSettings("#prompt=&seed=0").settings, { prompt: "", seed: 0 });
});

for (const [hash, words] of [
  ["#steps=100000", "The number of steps must be a whole number from 1 to 1000, not 100000."],
  ["#steps=1e9", "The number of steps must be a whole number from 1 to 1000, not 1000000000."],
  ["#steps=2.5", "The number of steps must be a whole number from 1 to 1000, not 2.5."],
  ["#steps=", "The number of steps must be a whole number from 1 to 1000, not ''."],
  ["#seed=-1", "The seed must be a whole number from 0 to 9007199254740991, not -1."],
  ["#guidance=Infinity", "The guidance must be a number from 0 to 100, not Infinity."],
  ["#guidance=much", "The guidance must be a number from 0 to 100, not 'much'."],
  ["#sampler=heun", /^There is no sampler 'heun'; choose one of ddim, euler, .*tcd\.$/],
  ["#preview=half", "There is no preview 'half'; choose one of full, tiny, linear."],
  ["#every=0", "Steps drawn in full: every must be a whole number from 1 to 1000, not 0."],
  ["#gains=red:11", "The strength of 'red' must be a number from 0 to 10, not 11."],
  ["#gains=red:strong", "The strength of 'red' must be a number from 0 to 10, not NaN."],
  [`#gains=${Array.from({ length: 76 }, (_, i) => `w${i}:2`)}`, /^The gains must map at most 75 words/],
  [
    `#prompt=${"car+".repeat(1e6)}`,
    /^The prompt must be text of at most 10000 letters, not 'car .{50,60}…\.$/,
  ],
]) {
  test(`${String(hash).slice(0, 40)} is refused in the loop's own words and sets nothing`, () => {
    const { settings, refused } = readSettings(String(hash));
    assert.deepEqual(settings, {});
    const said = refused && sentence(refused);
    if (typeof words === "string") assert.equal(said, words);
    else assert.match(String(said), /** @type {RegExp} */ (words));
  });
}

for (const hash of ["", "#", "%E0%A4%A", "#%E0%A4%A", "#gains=", "#gains=:,,:2,red", "#colour=red&=&&x"]) {
  test(`${hash || "no address"} says nothing and does no harm`, () => {
    assert.deepEqual(readSettings(hash), {
      settings: hash.startsWith("#gains") ? { gains: {} } : {},
      refused: null,
    });
  });
}

test("what is wrong does not spoil what is right", () => {
  const { settings, refused } = readSettings("#prompt=a+cat&steps=0&seed=5");
  assert.deepEqual(settings, { prompt: "a cat", seed: 5 });
  assert.equal(refused?.reason, "setting-steps");
});

test("a lone per cent sign in a strength is itself", () => {
  assert.deepEqual(readSettings("#gains=%E0%A4:2").settings.gains, { "\ufffd": 2 });
  assert.deepEqual(readSettings("#gains=100%25:2").settings.gains, { "100%": 2 });
});

test("the room stands beside the settings, and the stage is not said", () => {
  const hash = writeSettings({ prompt: "a red car", seed: 3 });
  assert.equal(writeRoom(hash, "lab/telephone"), `${hash}&room=lab/telephone`);
  assert.equal(readRoom(writeRoom(hash, "lab/telephone")), "lab/telephone");
  assert.equal(writeRoom(writeRoom(hash, "compare"), "code"), `${hash}&room=code`);
  assert.equal(writeRoom(writeRoom(hash, "compare"), STAGE), hash);
  assert.equal(writeRoom("", "code"), "#room=code");
  assert.equal(writeRoom("#room=code", STAGE), "");
  for (const odd of ["a & b", "50 %", "née", "#"]) assert.equal(readRoom(writeRoom("", odd)), odd);
  assert.deepEqual(["", "#room=", "#seed=3"].map(readRoom), [STAGE, STAGE, STAGE]);
});

test("of a comparison's second run the address says what differs, also where it is the usual", () => {
  const first = { ...DEFAULTS, ...EVERYTHING };
  const second = { ...first, negative: "", gains: {}, slots: { car: "cut" }, prompt: "a boat & b.seed=3" };
  const hash = writeSettings(first) + writeBeside(second, first);
  assert.deepEqual(readSettings(hash).settings, EVERYTHING);
  const { negative, gains, slots, prompt } = second;
  assert.deepEqual(readSettings(hash, BESIDE), {
    settings: { prompt, negative, gains, slots },
    refused: null,
  });
  assert.deepEqual(readSettings(writeRoom(hash, "compare"), BESIDE).settings, {
    prompt,
    negative,
    gains,
    slots,
  });
});

test("of two equal runs the address says that there are two, of one alone it says nothing", () => {
  const { spacing: _, ...first } = { ...DEFAULTS, prompt: "a cat", seed: 5 };
  assert.equal(writeBeside(/** @type {any} */ ({ ...first, spacing: "trained" }), first), "&b.seed=5");
  assert.deepEqual(readSettings(writeSettings(first), BESIDE).settings, {});
  assert.equal(readSettings("#prompt=a+cat&b.steps=0", BESIDE).refused?.reason, "setting-steps");
});

test("how a run is looked at stands between the settings and the room, and goes out and back", () => {
  const hash = writeRoom(writeSettings({ prompt: "a red car", seed: 3 }), "compare");
  const look = /** @type {const} */ ({ lens: "changed", step: 3, word: 2, part: 4 });
  const said = writeLook(hash, look);
  assert.equal(said, "#prompt=a+red+car&seed=3&lens=changed&step=3&word=2&part=4&room=compare");
  assert.deepEqual(readLook(said), look);
  assert.equal(writeLook(said, {}), hash);
  assert.equal(writeLook("", { lens: "held" }), "", "the usual lens need not be said");
  assert.equal(writeLook("#lens=changed", { step: 1 }), "#step=1");
});

test("what nobody could look at is not read", () => {
  assert.deepEqual(readLook("#lens=rose&step=0&word=-1&part=8"), {});
  assert.deepEqual(readLook("#step=1.5&word=two&part="), {});
});
