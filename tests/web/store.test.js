/** Who hears of a change, and when. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Store } from "../../web/state/store.js";

const hearing = () => {
  const store = new Store();
  const heard = [];
  store.subscribe(
    (state) => [state],
    ({ engine }) => heard.push(engine.stage),
  );
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

test("a signal ends a subscription, also while its change is being told", async () => {
  const store = new Store();
  const heard = [];
  const end = new AbortController();
  const pick = ({ view }) => [view.word];
  store.subscribe(pick, () => end.abort());
  store.subscribe(pick, ({ view }) => heard.push(view.word), end.signal);
  store.subscribe(pick, () => heard.push("aborted before"), AbortSignal.abort());
  store.set({ view: { word: 2 } });
  await null;
  assert.deepEqual(heard, []);
  assert.equal(store.listeners.size, 1);
});

test("only what was picked is told", async () => {
  const store = new Store();
  const heard = [];
  store.subscribe(
    ({ view }) => [view.word, view.step],
    ({ view }) => heard.push([view.word, view.step]),
  );
  for (const view of [{ word: 1 }, { part: 3 }, { word: 1 }, { step: 2 }]) {
    store.set({ view });
    await null;
  }
  assert.deepEqual(heard, [
    [1, null],
    [1, 2],
  ]);
});

test("a listener that fails is reported, and keeps nothing from the others", async () => {
  const store = new Store();
  const heard = [];
  const reported = [];
  globalThis.reportError = ({ message }) => reported.push(message);
  const pick = ({ view }) => [view.word];
  store.subscribe(pick, () => {
    throw new Error("a room's");
  });
  store.subscribe(pick, ({ view }) => heard.push(view.word));
  store.set({ view: { word: 2 } });
  await null;
  assert.deepEqual(reported, ["a room's"]);
  assert.deepEqual(heard, [2]);
});

test("within a beat, telling that takes long goes on later, in the same order, and skips who has gone", async (context) => {
  let clock = 0;
  context.mock.method(performance, "now", () => clock);
  const store = new Store();
  store.beat = 1;
  /** @type {(() => void)[]} */
  const later = [];
  store.later = (call) => later.push(call);
  const heard = /** @type {string[]} */ ([]);
  const gone = new AbortController();
  const busy = (/** @type {string} */ name, /** @type {AbortSignal} */ signal) =>
    store.subscribe(
      ({ view }) => [view.word],
      ({ view }) => {
        clock += 5;
        heard.push(`${name} ${view.word}`);
      },
      signal,
    );
  for (const name of ["a", "b"]) busy(name);
  busy("c", gone.signal);
  busy("d");
  store.setLater({ view: { word: 1 } });
  await new Promise((done) => setTimeout(done, 30));
  assert.deepEqual(heard, ["a 1", "b 1"]);
  gone.abort();
  store.setLater({ view: { word: 2 } });
  later.shift()?.();
  assert.deepEqual(heard, ["a 1", "b 1", "d 2"]);
  store.set({ view: { word: 3 } }); // at once is at once
  await null;
  assert.deepEqual(heard.slice(3), ["a 3", "b 3", "d 3"]);
});
