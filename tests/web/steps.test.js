import assert from "node:assert/strict";
import { test } from "node:test";
import { numbered, stepsInSight, stepsSkipped, stepsToTake, strengthOf } from "../../web/state/steps.js";

test("PNDM takes one step more than it was asked for, unless it was asked for one", () => {
  const taken = (sampler, steps) => stepsToTake({ sampler, steps });
  assert.deepEqual([taken("ddim", 6), taken("pndm", 6), taken("pndm", 1)], [6, 7, 1]);
});

test("a run that begins at a picture takes its share of the steps, rounded down", () => {
  assert.deepEqual([stepsSkipped(4, 0.5), stepsSkipped(5, 0.5), stepsSkipped(5, 1)], [2, 3, 0]);
});

test("for any number of steps there is a strength that takes as many", () => {
  for (const steps of [1, 2, 3, 7, 10, 29, 49, 50, 99, 333, 1000])
    for (let taken = 1; taken <= steps; taken++) {
      const strength = strengthOf(taken, steps);
      assert.ok(strength <= 1);
      assert.equal(steps - stepsSkipped(steps, strength), taken, `${taken} of ${steps}`);
    }
});

test("steps are counted with those that are left out", () => {
  assert.deepEqual(numbered({ skipped: 5 }, { step: 1, steps: 5 }), { step: 6, steps: 10 });
});

test("a short run is shown whole", () => {
  assert.deepEqual(stepsInSight(10, 4, 12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(stepsInSight(12, 12, 12).length, 12);
});

test("of a long run every k-th step is shown, and its ends", () => {
  assert.deepEqual(stepsInSight(50, 0, 12), [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
  assert.deepEqual(stepsInSight(50, 50, 12), stepsInSight(50, 0, 12));
});

test("the current step stands in the place of its nearest, so that the others keep theirs", () => {
  assert.deepEqual(stepsInSight(50, 23, 12), [1, 5, 10, 15, 20, 23, 30, 35, 40, 45, 50]);
  assert.deepEqual(stepsInSight(50, 2, 12), [1, 2, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
});

test("whatever the length: few, ascending, ends and current among them", () => {
  for (const steps of [1, 2, 3, 12, 13, 14, 23, 24, 49, 100, 1000]) {
    for (let current = 0; current <= steps; current++) {
      const shown = stepsInSight(steps, current, 12);
      assert.ok(shown.length <= 12);
      assert.ok(
        shown.every((step, k) => k === 0 || step > shown[k - 1]),
        `${steps} ${current}: ${shown}`,
      );
      for (const one of [1, current || 1, steps]) assert.ok(shown.includes(one), `${steps} ${current}`);
    }
  }
});
