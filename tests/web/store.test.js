/** Who hears of a change, and when. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Store } from "../../web/state/store.js";

const hearing = () => {
  const store = new Store();
  const heard = [];
  store.subscribe(({ engine }) => heard.push(engine.stage));
  return { store, heard };
};

test("changes made in one go are told once", async () => {
  const { store, heard } = hearing();
  store.set({ engine: { stage: "unet" } });
  store.setLater({ engine: { stage: "step" } });
  await null;
  assert.deepEqual(heard, ["step"]);
});

test("within a beat, what comes often is told together; the state has it at once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { store, heard } = hearing();
  store.beat = 400;
  store.setLater({ engine: { stage: "unet" } });
  mock.timers.tick(300);
  store.setLater({ engine: { stage: "step" } });
  await null;
  assert.equal(store.state.engine.stage, "step");
  assert.deepEqual(heard, []);
  mock.timers.tick(100);
  await null;
  assert.deepEqual(heard, ["step"]);
  mock.timers.reset();
});

test("what is told at once tells what was waiting, and that is not told again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { store, heard } = hearing();
  store.beat = 400;
  store.setLater({ engine: { stage: "decode" } });
  store.set({ engine: { status: "ready" } });
  await null;
  assert.deepEqual(heard, ["decode"]);
  mock.timers.tick(1000);
  await null;
  assert.deepEqual(heard, ["decode"]);
  mock.timers.reset();
});
