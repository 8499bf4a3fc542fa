/** Runs before any Python: what is refused, what the fields show, which strengths are sent, and who waits behind whom. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Runs } from "../../web/runs/runs.js";
import { NO_RUN, Store } from "../../web/state/store.js";

/** @type {Store} */
let store;
/** @type {Runs} */
let runs;
/** @type {any[]} settings that Python was asked to draw with */
let drawn;

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
});

test("a wish out of bounds is refused, and the run that goes stays as it is", async () => {
  runs.begin(python);
  runs.generate({ prompt: "a cat" }).catch(() => {});
  await soon();
  const { settings, run } = store.state;
  const message = await ended(runs.generate({ prompt: "a dog", steps: 1e9 }));
  assert.equal(message, "The number of steps must be a whole number from 1 to 1000, not 1000000000.");
  assert.equal(store.state.settings, settings);
  assert.equal(store.state.run, run);
});

test("the fields have what another page draws with; what nobody knows is left to Python", async () => {
  runs.begin(python);
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
  runs.begin(python);
  store.set({ settings: { prompt: "a blue Car", gains: { red: 2, car: 0 } } });
  runs.generate().catch(() => {});
  await soon();
  runs.generate({ gains: { giraffe: 2 } }).catch(() => {});
  await soon();
  assert.deepEqual(
    drawn.map(({ gains }) => gains),
    [{ car: 0 }, { giraffe: 2 }],
  );
  assert.deepEqual(store.state.run.settings?.gains, { giraffe: 2 });
});

test("a picture waits behind a recording, and the recording outlives its cancelling", async () => {
  store.set({ run: { ...NO_RUN, source: "recorded", status: "running" } });
  const run = ended(runs.generate({ prompt: "a cat" }, undefined, { behind: true }));
  assert.deepEqual([store.state.run.source, store.state.run.queued], ["recorded", true]);
  runs.cancel();
  assert.equal(await run, "The run was cancelled.");
  assert.deepEqual([store.state.run.source, store.state.run.status], ["recorded", "running"]);
  assert.equal(store.state.run.queued, false);
});

test("a picture that waited takes the recording's place when it begins", async () => {
  store.set({ run: { ...NO_RUN, source: "recorded", status: "running", frames: /** @type {any} */ ([1]) } });
  runs.generate({ prompt: "a cat" }, undefined, { behind: true }).catch(() => {});
  runs.begin(python);
  await soon();
  const { source, status, frames, queued } = store.state.run;
  assert.deepEqual(
    { source, status, frames, queued },
    { source: "live", status: "running", frames: [], queued: false },
  );
});

test("a picture that waits can be cancelled before any recording plays", async () => {
  const run = ended(runs.generate({}, undefined, { behind: true }));
  assert.deepEqual([store.state.run.status, store.state.run.queued], ["waiting", true]);
  runs.cancel();
  await run;
  assert.deepEqual([store.state.run.status, store.state.run.queued], ["cancelled", false]);
});

test("what an address may not ask for is said where a failure is said", () => {
  runs.refuse("No.");
  assert.equal(store.state.run.status, "failed");
  assert.deepEqual(store.state.run.error, { code: "settings", message: "No." });
});
