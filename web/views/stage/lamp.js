/**
 * The lamp's way round the frame: left while the UNet runs, then guidance, sampler and latent. It follows what the
 * engine reports, never faster than the eye, and as often as the budget for drawing lets it; the station that it passes
 * stands on the page as `data-station`.
 *
 * @import { Budget } from "../../state/budget.js"
 * @import { Store } from "../../state/store.js"
 */

import { busy, shownRun } from "../../state/selectors.js";

export const STATIONS = ["unet", "guidance", "sampler", "latent"];
const CREEP = 30; // milliseconds between two drawings
const FASTEST = 1 / 160; // laps a millisecond
/** Where the lamp may be at the most while the engine is in a stage, in laps. */
const REACH = /** @type {Record<string, number>} */ ({
  "": 0,
  text: 0,
  unet: 0.24,
  step: 0.5,
  attention: 0.75,
  decode: 0.95,
});

export class Lamp {
  /**
   * @param {Store} store
   * @param {Budget} budget
   * @param {(position: number) => void} draw called with the position in steps whenever it has changed
   * @param {AbortSignal} signal puts it out
   */
  constructor(store, budget, draw, signal) {
    this.store = store;
    this.budget = budget;
    this.draw = draw;
    this.signal = signal;
    this.position = 0;
    /** Steps that the rest of the page shows; in beats the loop is ahead of it. */
    this.told = shownRun(store.state).frames.length;
    this.run = 0;
    this.stage = "";
    this.since = 0;
    this.time = 0;
    this.drawn = 0;
    this.ticking = false;
    signal.addEventListener("abort", () => this.light(false));
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    store.subscribe(
      ({ runs, view }) => [shownRun({ runs }), view],
      () => {
        this.told = shownRun(store.state).frames.length;
        this.wake();
      },
      signal,
    );
  }

  /** Draw at once, for instance after a change of size. */
  redraw() {
    this.draw(this.shown());
    this.wake();
  }

  wake() {
    if (this.ticking) return;
    this.ticking = true;
    this.time = performance.now();
    this.budget.next((now) => this.tick(now));
  }

  /** Where the run is, in steps. @param {number} now */
  target(now) {
    const { view } = this.store.state;
    const run = shownRun(this.store.state);
    if (view.step !== null) return Math.min(view.step, run.frames.length);
    const done = Math.min(this.told, run.frames.length);
    if (run.status !== "running" || run.source !== "live" || done >= run.steps) return done;
    if (run.stage !== this.stage) {
      this.stage = run.stage;
      this.since = now;
    }
    const reach = REACH[run.stage] ?? 0;
    if (run.stage !== "unet") return done + reach;
    // Along the left side as the UNet's usual time passes; there it waits.
    const usual = run.frames.at(-1)?.ms.unet ?? 1000;
    return done + reach * Math.min(1, (now - this.since) / usual);
  }

  /** @param {number} now */
  tick(now) {
    if (this.signal.aborted) return;
    const { view } = this.store.state;
    const run = shownRun(this.store.state);
    const passed = Math.max(0, now - this.time);
    this.time = now;
    const target = this.target(now);
    const moves = busy(this.store.state) || run.status === "running" || view.playing;
    const another = run.started !== this.run;
    this.run = run.started;
    if (another || !moves || target < this.position - 0.5) {
      this.position = another && moves ? 0 : target;
    } else {
      const behind = target - this.position;
      this.position = Math.min(
        target,
        this.position + passed * Math.max(FASTEST, behind > 1.5 ? behind / 160 : 0),
      );
    }
    // While the UNet works the lamp creeps: half the frames are enough, and leave it the processor.
    if (run.stage !== "unet" || now - this.drawn > CREEP || this.position === target) {
      this.drawn = now;
      this.draw(this.shown());
    }
    this.light(moves && this.position < run.steps);
    const waiting = run.status === "running" && run.source === "live" && view.step === null;
    this.ticking = waiting || this.position < target;
    if (this.ticking) this.budget.next((next) => this.tick(next));
  }

  /** The position that is drawn; without motion it jumps from side to side. */
  shown() {
    return this.calm.matches ? Math.floor(this.position * 4 + 1e-6) / 4 : this.position;
  }

  /** @param {boolean} lit */
  light(lit) {
    const side = Math.floor((this.position % 1) * 4 + 1e-6);
    const station = lit ? STATIONS[side] : "";
    const { dataset } = document.documentElement;
    if (dataset.station !== station) dataset.station = station;
  }
}
