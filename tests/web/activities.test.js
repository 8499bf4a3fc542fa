/** Activities: who waits for whom, whose items are whose, and what the buttons act on. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Activities } from "../../web/engine/activities.js";

/** @type {Activities} */
let activities;
/** @type {any[]} what Python was asked, by name, and its buttons */
let asked;
/** @type {Record<string, (answer?: object) => void>} ends an activity in Python, by its name */
let end;

const python = /** @type {any} */ ({
  run: (/** @type {string} */ name, /** @type {any} */ wishes, /** @type {string} */ id) => {
    asked.push(name);
    Object.assign(wishes, { id });
    return new Promise((done) => {
      end[name] = (answer = {}) => done(answer);
    });
  },
  ...Object.fromEntries(["pause", "resume", "step", "cancel"].map((name) => [name, () => asked.push(name)])),
});
const soon = () => new Promise((done) => setTimeout(done, 5));
const outcome = (/** @type {Promise<any>} */ run) =>
  run.then(
    (last) => last,
    (error) => error.name,
  );

beforeEach(() => {
  activities = new Activities();
  asked = [];
  end = {};
});

test("activities take their turns, and wait for the engine", async () => {
  const runs = ["one", "two", "three"].map((name) => outcome(activities.run(name)));
  await soon();
  assert.deepEqual(asked, []);
  activities.begin(python);
  for (const [index, name] of ["one", "two", "three"].entries()) {
    await soon();
    assert.deepEqual(asked.slice(index), [name]);
    end[name]();
    await runs[index];
  }
});

test("items are those of the one that goes, and the last is what it gives", async () => {
  activities.begin(python);
  const wishes = /** @type {any} */ ({});
  const heard = /** @type {any[]} */ ([]);
  const stages = /** @type {any[]} */ ([]);
  const ears = {
    onItem: (/** @type {any} */ item) => heard.push(item),
    onStage: (/** @type {any} */ stage) => stages.push(stage),
  };
  const run = activities.run("one", wishes, ears);
  await soon();
  activities.hear({ kind: "stage", id: wishes.id, stage: "unet" });
  for (const item of [1, { two: 2 }]) activities.hear({ kind: "item", id: wishes.id, item });
  activities.hear({ kind: "item", id: "another", item: 3 });
  end.one();
  assert.deepEqual(await run, { two: 2 });
  assert.deepEqual([heard, stages], [[1, { two: 2 }], ["unet"]]);
});

test("what is wished for may be made when the turn comes", async () => {
  activities.begin(python);
  const first = activities.run("one");
  let made = false;
  const second = activities.run("two", async () => {
    made = true;
    return { wish: 1 };
  });
  await soon();
  assert.ok(!made);
  end.one();
  await first;
  await soon();
  assert.ok(made);
  end.two();
  await second;
});

test("cancel ends the one that goes; the next begins when Python has ended it", async () => {
  activities.begin(python);
  const first = outcome(activities.run("one"));
  const second = outcome(activities.run("two"));
  await soon();
  activities.cancel();
  assert.equal(await first, "AbortError");
  await soon();
  assert.deepEqual(asked, ["one", "cancel"]);
  end.one({ cancelled: true });
  await soon();
  assert.deepEqual(asked, ["one", "cancel", "two"]);
  end.two();
  await second;
});

test("one that waits can be cancelled by its name, and Python does not hear of it", async () => {
  activities.begin(python);
  const runs = ["one", "two", "three"].map((name) => outcome(activities.run(name, {}, { id: name })));
  await soon();
  activities.cancel("two");
  assert.equal(await runs[1], "AbortError");
  end.one();
  await soon();
  assert.deepEqual(asked, ["one", "three"]);
});

test("one that fails lets the next one in", async () => {
  activities.begin(python);
  const first = activities.run("one");
  activities.run("two");
  await soon();
  end.one({ trouble: { code: "settings", reason: "activity-unknown" } });
  await assert.rejects(first, /activity-unknown/);
  await soon();
  assert.deepEqual(asked, ["one", "two"]);
});

test("the buttons are the one's that goes, and nobody's before it begins", async () => {
  const run = activities.run("one");
  activities.pause();
  activities.begin(python);
  await soon();
  activities.pause();
  activities.step();
  activities.resume();
  assert.deepEqual(asked, ["one", "pause", "step", "resume"]);
  end.one();
  await run;
  activities.pause();
  assert.deepEqual(asked.length, 4);
});

test("an engine that fails refuses what goes and what waits, and a new one can be waited for", async () => {
  activities.begin(python);
  const runs = ["one", "two"].map((name) => activities.run(name));
  await soon();
  activities.fail({ code: "network", reason: "manifest-lost" });
  for (const run of runs) await assert.rejects(run, /manifest-lost/);
  await assert.rejects(activities.run("three"), /manifest-lost/);
  activities.renew();
  const later = activities.run("four");
  activities.begin(python);
  await soon();
  end.four();
  await later;
  assert.deepEqual(asked, ["one", "four"]);
});

test("one that gives way waits behind all others, and ends where one is asked for", async () => {
  const giving = outcome(activities.run("giving", {}, { givesWay: true }));
  const other = outcome(activities.run("other giving", {}, { givesWay: true }));
  activities.begin(python);
  await soon();
  assert.deepEqual(asked, ["giving"]);
  const first = outcome(activities.run("first"));
  const second = outcome(activities.run("second"));
  assert.equal(await giving, "Error");
  assert.deepEqual(asked, ["giving", "cancel"]);
  for (const [name, before] of [
    ["first", "giving"],
    ["second", "first"],
    ["other giving", "second"],
  ]) {
    end[before]();
    await soon();
    assert.equal(asked.at(-1), name);
  }
  end["other giving"]();
  await Promise.all([first, second, other]);
});
