/** Runs before any Python: what is refused, what the fields show, which strengths are sent, and who waits behind whom. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { Runs } from "../../web/runs/runs.js";
import { PACES } from "../../web/state/paces.js";
import { withRunShown } from "../../web/state/runs.js";
import { queuedRun, shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";
import { english } from "./english.js";

before(english);

/** @type {Store} */
let store;
/** @type {Runs} */
let runs;
/** @type {any[]} settings that Python was asked to draw with */
let drawn;
/** @type {number[]} seconds that Python was told to rest after each step */
let rests;

const python = /** @type {any} */ ({
  read_prompt: async (/** @type {string} */ text) => ({
    words: text.split(" ").map((word) => ({ text: word })),
  }),
  run: (/** @type {string} */ _, /** @type {any} */ settings) => {
    drawn.push(settings);
    return new Promise((done) => {
      python.cancel = () => done({ cancelled: true });
    });
  },
  retain: () => {},
  rest: (/** @type {number} */ seconds) => rests.push(seconds),
  cancel: () => {},
});

const soon = () => new Promise((done) => setTimeout(done, 5));
const ended = (/** @type {Promise<unknown>} */ run) =>
  run.then(
    () => "drawn",
    (error) => error.message,
  );

beforeEach(() => {
  store = new Store();
  runs = new Runs(store);
  drawn = [];
  rests = [];
});

test("a wish out of bounds is refused, and the run that goes stays as it is", async () => {
  runs.activities.begin(python);
  runs.generate({ prompt: "a cat" }).catch(() => {});
  await soon();
  const { settings, runs: before } = store.state;
  const message = await ended(runs.generate({ prompt: "a dog", steps: 1e9 }));
  assert.equal(message, "The number of steps must be a whole number from 1 to 1000, not 1000000000.");
  assert.equal(store.state.settings, settings);
  assert.equal(store.state.runs, before);
});

test("the fields have what another page draws with; what nobody knows is left to Python", async () => {
  runs.activities.begin(python);
  const wishes = /** @type {any} */ ({ prompt: "a Red cat", steps: undefined, gains: { Red: 2 }, colour: 1 });
  runs.generate(wishes).catch(() => {});
  await soon();
  assert.equal(store.state.settings.prompt, "a Red cat");
  assert.deepEqual(store.state.settings.gains, { red: 2 });
  assert.ok(!("colour" in store.state.settings));
  assert.deepEqual(drawn[0].gains, { Red: 2 });
  assert.deepEqual([drawn[0].colour, drawn[0].steps], [1, 10]);
});

test("strengths of the fields whose word is gone are not sent; given ones are, for the loop to refuse", async () => {
  runs.activities.begin(python);
  store.set({ settings: { prompt: "a blue Car", gains: { red: 2, car: 0 } } });
  runs.generate().catch(() => {});
  await soon();
  runs.generate({ gains: { giraffe: 2 } }).catch(() => {});
  await soon();
  assert.deepEqual(
    drawn.map(({ gains }) => gains),
    [{ car: 0 }, { giraffe: 2 }],
  );
  assert.deepEqual(shownRun(store.state).settings?.gains, { giraffe: 2 });
});

/** A recording that plays. @param {any} [fields] */
const playing = (fields) =>
  store.set(withRunShown(store.state, "recording", { source: "recorded", status: "running", ...fields }));

test("a picture waits behind a recording, and the recording outlives its cancelling", async () => {
  playing();
  const run = ended(runs.generate({ prompt: "a cat" }, undefined, { behind: true }));
  assert.equal(shownRun(store.state).id, "recording");
  assert.equal(queuedRun(store.state)?.settings?.prompt, "a cat");
  runs.cancel();
  assert.equal(await run, "The run was cancelled.");
  assert.deepEqual([shownRun(store.state).id, shownRun(store.state).status], ["recording", "running"]);
  assert.equal(queuedRun(store.state), null);
});

test("a picture that waited takes the recording's place when it begins", async () => {
  playing({ frames: [1] });
  runs.generate({ prompt: "a cat" }, undefined, { behind: true }).catch(() => {});
  runs.activities.begin(python);
  await soon();
  const { source, status, frames, queued } = shownRun(store.state);
  assert.deepEqual(
    { source, status, frames, queued },
    { source: "live", status: "running", frames: [], queued: false },
  );
  assert.deepEqual(store.state.runs.byId.recording.frames, [1], "which stays as it is");
});

test("a picture that waits can be cancelled before any recording plays", async () => {
  const run = ended(runs.generate({}, undefined, { behind: true }));
  assert.deepEqual([shownRun(store.state).status, shownRun(store.state).queued], ["waiting", true]);
  runs.cancel();
  await run;
  assert.deepEqual([shownRun(store.state).status, shownRun(store.state).queued], ["cancelled", false]);
});

test("a picture that waited and cannot be drawn waits no longer", async () => {
  playing();
  const run = ended(runs.generate({}, undefined, { behind: true }));
  runs.activities.fail({ code: "network", reason: "manifest-lost" });
  assert.match(await run, /^The model could not be fetched/);
  assert.equal(queuedRun(store.state), null);
  assert.equal(shownRun(store.state).id, "recording");
});

test("what an address may not ask for is said where a failure is said", () => {
  runs.refuse({ reason: "setting-seed" });
  assert.equal(shownRun(store.state).status, "failed");
  assert.deepEqual(shownRun(store.state).error, { code: "settings", reason: "setting-seed" });
});

test("Python rests after the steps of a picture as long as the pace says, and of nothing else", async () => {
  runs.activities.begin(python);
  store.set({ view: { pace: "slow" } });
  const first = ended(runs.generate());
  await soon();
  assert.deepEqual(rests, [PACES.slow.rest]);
  store.set({ view: { pace: "usual" } });
  await soon();
  assert.deepEqual(rests, [PACES.slow.rest, 0]);
  store.set({ view: { pace: "slow" } });
  await soon();
  runs.cancel();
  await first;
  assert.deepEqual(rests, [PACES.slow.rest, 0, PACES.slow.rest, 0]);
  store.set({ view: { pace: "usual" } });
  await soon();
  assert.equal(rests.length, 4);
});
