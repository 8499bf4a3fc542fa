import assert from "node:assert/strict";
import { test } from "node:test";
import { Runs } from "../../web/runs/runs.js";
import { Store } from "../../web/state/store.js";

/** Python that notes what it is asked, and draws until it is cancelled. */
function python() {
  const asked = [];
  let end = () => {};
  return {
    asked,
    run: (name) => {
      asked.push(name);
      return new Promise((done) => {
        end = () => done({ cancelled: true });
      });
    },
    retain: () => {},
    rest: () => {},
    cancel: () => {
      asked.push("cancel");
      end();
    },
  };
}

test("a run that is cancelled in any moment of its start does not go on unseen", async () => {
  for (let turns = 0; turns < 10; turns += 1) {
    const worker = python();
    const runs = new Runs(new Store());
    const outcome = runs.generate().catch((error) => error.name);
    runs.activities.begin(worker);
    for (let turn = 0; turn < turns; turn += 1) await null;
    runs.cancel();
    assert.equal(await outcome, "AbortError");
    await new Promise((done) => setTimeout(done));
    assert.notEqual(worker.asked.at(-1), "generate", `after ${turns} turns of the queue`);
  }
});
