/** The budget for drawing, on a clock of its own: two cores move in beats, more keep every frame, none spends too much. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import { BEAT, Budget, SHARE, SPARE_SHARE } from "../../web/state/budget.js";
import { withRun, withRunShown } from "../../web/state/runs.js";
import { shownRun } from "../../web/state/selectors.js";
import { Store } from "../../web/state/store.js";

const FRAME = 1000 / 60;
const STEP = 150; // milliseconds of a step of the loop

/** A page whose time passes only where it draws or waits. */
class Page {
  constructor({ cores = 2, threads = 2, backend = "wasm", cost = 1, telling = 1 } = {}) {
    this.time = 0;
    this.cost = cost; // milliseconds of the page's thread for a frame in which the lamp moves
    this.telling = telling; // and for the views, where the store tells them something
    this.tasks = [];
    this.frames = [];
    this.drawn = []; // when the lamp was
    this.told = [];
    this.motions = [];
    this.store = new Store();
    const clock = {
      now: () => this.time,
      frame: (call) => this.frames.push(call),
      painted: (call) => this.afterPaint.push(call),
      cores,
    };
    globalThis.setTimeout = (call, ms) => this.later(call, ms);
    globalThis.clearTimeout = (id) => {
      this.tasks = this.tasks.filter((task) => task.id !== id);
    };
    this.afterPaint = [];
    this.budget = new Budget(this.store, (motion) => this.motions.push(motion), clock);
    this.store.subscribe(
      (state) => [state],
      () => {
        this.told.push(this.time);
        this.time += this.telling;
      },
    );
    this.store.set({ engine: { status: "ready", backend, threads } });
  }

  later(call, ms) {
    const id = Math.random() + 1;
    this.tasks.push({ id, at: this.time + ms, call });
    return id;
  }

  /** The lamp, which wants to move all the time. */
  shine() {
    this.budget.next(() => {
      this.drawn.push(this.time);
      this.time += this.cost;
      this.shine();
    });
  }

  /** Let time pass: a frame every sixtieth of a second, tasks when they are due. */
  async pass(ms) {
    const end = this.time + ms;
    for (let due = this.time; due < end; due += FRAME) {
      this.time = Math.max(this.time, due);
      for (const task of this.tasks.filter(({ at }) => at <= this.time)) {
        this.tasks.splice(this.tasks.indexOf(task), 1);
        task.call();
        await settled();
      }
      for (const call of this.frames.splice(0)) call(this.time);
      for (const call of this.afterPaint.splice(0)) call();
      await settled();
    }
  }

  /** A live run of so many milliseconds that reports its stages and frames. */
  async run(ms) {
    this.store.set(withRunShown(this.store.state, "a", { status: "running", frames: [], steps: 999 }));
    await settled();
    for (const end = this.time + ms; this.time < end; ) {
      for (const stage of ["unet", "step", "attention", "decode"]) {
        this.store.setLater(withRun(this.store.state, "a", { stage }));
        await this.pass(STEP / 4);
      }
      const frames = [...shownRun(this.store.state).frames, {}];
      this.store.setLater(withRun(this.store.state, "a", { frames }));
    }
  }
}

const gaps = (times) => times.slice(1).map((time, index) => time - times[index]);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

test("where every core computes, the page moves in beats from the first step on", async () => {
  const page = new Page();
  page.shine();
  await page.run(6000);
  assert.equal(page.budget.motion, "calm");
  assert.deepEqual(page.motions, ["calm"]);
  assert.ok(page.told.length < 6000 / BEAT.least + 3, `told ${page.told.length} times`);
  assert.ok(median(gaps(page.drawn)) >= 100, `drawn every ${median(gaps(page.drawn))} ms`);
});

test("what is told meanwhile is told in one piece, and no frame is lost", async () => {
  const page = new Page();
  const seen = [];
  page.store.subscribe(
    (state) => [state],
    (state) => seen.push(shownRun(state).frames.length),
  );
  await page.run(3000);
  page.store.set(withRun(page.store.state, "a", { status: "finished" }));
  await settled();
  assert.equal(seen.at(-1), shownRun(page.store.state).frames.length);
  assert.ok(seen.at(-1) >= 3000 / STEP - 2);
});

test("a dear beat comes less often: drawing stays within its share of a core", async () => {
  const page = new Page({ telling: 25, cost: 5 });
  page.shine();
  await page.run(4000);
  const [told, drawn, from] = [page.told.length, page.drawn.length, page.time];
  await page.run(20_000);
  const spent = (page.told.length - told) * 25 + (page.drawn.length - drawn) * 5;
  const share = spent / (page.time - from);
  assert.ok(share < SHARE * 1.25, `spent ${share} of a core`);
  assert.ok(share > SHARE / 2, `spent ${share} of a core, and moves less than it could`);
});

for (const [name, machine] of Object.entries({
  "a core that nothing computes on": { cores: 8, threads: 4 },
  "a graphics card that computes": { cores: 4, threads: 4, backend: "webgpu" },
})) {
  test(`with ${name} every frame is drawn and everything told at once`, async () => {
    const page = new Page(machine);
    page.shine();
    await page.run(3000);
    assert.equal(page.budget.motion, "full");
    assert.equal(page.store.beat, 0);
    assert.ok(median(gaps(page.drawn)) < 2 * FRAME, `drawn every ${median(gaps(page.drawn))} ms`);
  });
}

test("a screen that takes too much of a core for every frame becomes calm, and stays so for the next run", async () => {
  const page = new Page({ cores: 8, threads: 4, cost: SPARE_SHARE * FRAME * 2 });
  page.shine();
  await page.run(3000);
  assert.equal(page.budget.motion, "calm");
  page.store.set(withRun(page.store.state, "a", { status: "finished" }));
  await settled();
  assert.equal(page.budget.motion, "full");
  await page.run(200);
  assert.deepEqual(page.motions, ["calm", "full", "calm"]);
});

test("between runs, and while one is paused, nothing is held back", async () => {
  const page = new Page();
  await page.run(1000);
  page.store.set(withRun(page.store.state, "a", { status: "paused" }));
  await settled();
  assert.equal(page.budget.motion, "full");
  const times = page.told.length;
  page.store.setLater(withRun(page.store.state, "a", { stage: "decode" }));
  await settled();
  assert.equal(page.told.length, times + 1);
});

test("a gallery that is drawn counts as a run, and one that waits or is paused does not", async () => {
  const page = new Page();
  for (const [status, motion] of /** @type {const} */ ([
    ["waiting", "full"],
    ["drawing", "calm"],
    ["paused", "full"],
    ["finished", "full"],
  ])) {
    page.store.set({ gallery: { status } });
    await settled();
    assert.equal(page.budget.motion, motion, status);
  }
});
