/** The command to compare: whose settings are whose, what the address says, and a second that cannot be drawn. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { EngineError } from "../../web/engine/trouble.js";
import { comparing } from "../../web/state/commands/comparing.js";
import { withRun, withRunShown } from "../../web/state/runs.js";
import { besideRun, shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";
import { english } from "./english.js";

before(english);

/** @type {Store} */
let store;
/** @type {any[]} what was asked of whom */
let asked;
/** @type {(wishes: any[]) => Promise<unknown>} */
let compare;

const send = () => {
  const runs = { compare: (/** @type {any[]} */ ...wishes) => compare(wishes) };
  const travels = { enter: (/** @type {string} */ room) => asked.push(room) };
  const whereabouts = { say: (/** @type {any} */ settings) => asked.push(settings) };
  const playing = /** @type {any} */ ({ hold: () => {} });
  return comparing(
    store,
    /** @type {any} */ ({ runs }),
    playing,
    /** @type {any} */ (travels),
    /** @type {any} */ (whereabouts),
  );
};

/** Both wait in the store, as when they are asked for. @param {any[]} wishes */
const waiting = ([a, b]) => {
  const settings = { ...store.state.settings, ...a };
  store.set(withRunShown(store.state, "run-2", { status: "waiting", settings }, "run-3"));
  store.set(withRun(store.state, "run-3", { status: "waiting", settings: { ...settings, ...b } }));
};

beforeEach(() => {
  store = new Store();
  asked = [];
  const settings = { ...store.state.settings, prompt: "a red car", preview: /** @type {const} */ ("full") };
  const frames = /** @type {any} */ ([{ step: 1 }]);
  store.set(withRunShown(store.state, "run-1", { status: "finished", settings, frames }));
  store.set({ settings: { prompt: "a bird that was typed since", preview: "tiny" }, view: { step: 1 } });
  compare = async (wishes) => {
    asked.push(wishes);
    waiting(wishes);
  };
});

test("the first is the run on show, in the room for it, and the address tells of both", async () => {
  await send().compare({ seed: 8 });
  assert.deepEqual(asked.slice(0, 2), ["compare", [{}, { seed: 8 }]]);
  assert.deepEqual([asked[2].seed, asked[2].prompt], [8, "a red car"]);
  const { settings, view } = store.state;
  assert.deepEqual([settings.prompt, settings.preview, view.step], ["a red car", "tiny", null]);
});

test("of runs that begin elsewhere than in noise the address says nothing", async () => {
  await send().compare({ seed: 8, from: { run: "run-1", step: 1 } }, { from: { run: "run-1", step: 1 } });
  assert.equal(asked.length, 2);
});

test("a second that is refused is said in its place, and the first stays as it was", async () => {
  const reason = {
    code: /** @type {const} */ ("settings"),
    reason: "setting-unknown",
    values: { name: "colour" },
  };
  for (const begin of [() => {}, waiting]) {
    compare = async (wishes) => {
      begin(wishes);
      throw new EngineError(reason);
    };
    await send().compare({ seed: 8 });
    assert.deepEqual([shownRun(store.state).id, shownRun(store.state).frames.length], ["run-1", 1]);
    assert.deepEqual([besideRun(store.state)?.status, besideRun(store.state)?.error], ["failed", reason]);
  }
});

test("what is cancelled, and what fails on the way, stays on show", async () => {
  compare = async (wishes) => {
    waiting(wishes);
    throw new DOMException("", "AbortError");
  };
  await send().compare();
  assert.deepEqual([shownRun(store.state).id, besideRun(store.state)?.error], ["run-2", null]);
  compare = async (wishes) => {
    waiting(wishes);
    store.set(withRun(store.state, "run-2", { frames: /** @type {any} */ ([{ step: 1 }]) }));
    throw new Error("lost");
  };
  await send().compare();
  assert.equal(shownRun(store.state).id, "run-2");
});
