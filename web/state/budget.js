/**
 * What drawing may cost while the processor computes a picture, and how much motion that leaves.
 *
 * onnxruntime splits every operator among its threads and waits for the slowest. Where each core has a thread, a
 * millisecond of drawing delays all of them: measured on two cores, it costs 0.7 ms of the step. So the page times its
 * own drawing, and moves as much as it can pay for: at every animation frame ("full"), or in beats ("calm").
 *
 * Timed is what the page's thread does: the views' code, and style, layout and paint up to the end of the frame. What
 * the compositor does elsewhere cannot be seen from here; without a graphics card it came to as much again.
 *
 * @import { Store } from "./store.js"
 */

/** The part of a core that drawing may take where every core computes. */
export const SHARE = 0.04;
/** The same where a core is left over; more than this is too slow a screen for every frame. */
export const SPARE_SHARE = 0.25;
/** Milliseconds from one beat to the next, whatever it costs: a page that stands still longer looks broken. */
export const BEAT = { least: 500, most: 1000 };
/** The part of a beat after which what moves is drawn once more. */
const HALF = 0.6;

/** The browser's clocks; tests have others. */
const BROWSER = {
  now: () => performance.now(),
  frame: (/** @type {(now: number) => void} */ call) => requestAnimationFrame(call),
  /** Calls back when the frame that is under way has been painted. @param {() => void} call */
  painted(call) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      call();
    };
    port2.postMessage(null);
  },
  get cores() {
    return navigator.hardwareConcurrency || 1;
  },
};

export class Budget {
  /** Whether full motion was tried here, and cost too much. */
  #dear = false;
  #beat = BEAT.least;
  #computing = false;
  /** Milliseconds of drawing since `#since`. */
  #spent = 0;
  #since = 0;
  #metered = false;
  #timer = 0;
  /** What wants to be drawn at the next beat. @type {Set<(now: number) => void>} */
  #waiting = new Set();

  /**
   * @param {Store} store its `beat` is set, and what it tells is timed: a budget is the first to subscribe
   * @param {(motion: "full" | "calm") => void} show told the motion whenever it changes
   * @param {typeof BROWSER} clock
   */
  constructor(store, show, clock = BROWSER) {
    this.store = store;
    this.show = show;
    this.clock = clock;
    /** @type {"full" | "calm"} */
    this.motion = "full";
    // A page that is hidden has no frames.
    store.later = (call) => (globalThis.document?.hidden ? setTimeout(call) : this.#frame(call));
    store.subscribe(
      (state) => [state],
      () => this.#told(),
    );
  }

  /**
   * Draw at the next animation frame, or with the next beat.
   *
   * @param {(now: number) => void} draw
   */
  next(draw) {
    if (this.motion === "full") this.#frame(draw);
    else {
      this.#waiting.add(draw);
      this.#timer ||= setTimeout(() => this.#flush(), this.store.beat * HALF);
    }
  }

  /** The store tells its listeners: the other ones come after this one, and before the next microtask. */
  #told() {
    const began = this.clock.now();
    const { runs, gallery } = this.store.state;
    const drawn = Object.values(runs.byId).some(
      ({ source, status }) => source === "live" && status === "running",
    );
    const computing = drawn || gallery.status === "drawing";
    if (computing && this.#computing) this.#weigh(began);
    else if (computing !== this.#computing) this.#turn(computing, began);
    queueMicrotask(() => {
      this.#spent += this.clock.now() - began;
      if (computing && !this.#metered) this.#frame(() => {});
      this.#flush();
    });
  }

  /** What waits is drawn in one frame with what was told. */
  #flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const draws = [...this.#waiting];
    this.#waiting.clear();
    for (const draw of draws) this.#frame(draw);
  }

  /** @param {(now: number) => void} draw */
  #frame(draw) {
    this.clock.frame((now) => {
      if (!this.#metered) {
        this.#metered = true;
        const began = this.clock.now();
        this.clock.painted(() => {
          this.#metered = false;
          this.#spent += this.clock.now() - began;
        });
      }
      draw(now);
    });
  }

  /** A run begins or ends to compute. @param {boolean} computing @param {number} now */
  #turn(computing, now) {
    this.#computing = computing;
    this.#since = now;
    this.#spent = 0;
    const { backend, threads } = this.store.state.engine;
    const spare = backend === "webgpu" || threads < this.clock.cores;
    this.#move(computing && (this.#dear || !spare) ? "calm" : "full");
  }

  /** Set what was spent against the time since the last look. @param {number} now */
  #weigh(now) {
    const passed = now - this.#since;
    // One dear moment, such as the first frame, does not tell what every frame costs.
    if (passed < (this.motion === "full" ? BEAT.most : BEAT.least)) return;
    if (this.motion === "full" && this.#spent > SPARE_SHARE * passed) {
      this.#dear = true;
      this.#move("calm");
    }
    if (this.motion === "calm") {
      this.#beat = Math.min(BEAT.most, Math.max(BEAT.least, this.#spent / SHARE));
      this.store.beat = this.#beat;
    }
    this.#since = now;
    this.#spent = 0;
  }

  /** @param {"full" | "calm"} motion */
  #move(motion) {
    this.store.beat = motion === "full" ? 0 : this.#beat;
    if (motion === this.motion) return;
    this.motion = motion;
    this.show(motion);
    this.#flush();
  }
}
