/**
 * The state of the page: one plain object, one way to change it, one way to hear of it.
 *
 * @import { Run, State } from "../types"
 */
import { DEFAULTS } from "./bounds.js";
import { NO_GALLERY } from "./gallery.js";

/** A run that nobody has asked for. @type {Run} */
export const NO_RUN = {
  id: "",
  status: "idle",
  source: "live",
  settings: null,
  start: null,
  skipped: 0,
  model: null,
  frames: [],
  packed: null,
  resumable: false,
  from: null,
  steps: 0,
  stage: "",
  queued: false,
  started: 0,
  msPerStep: 0,
  picture: null,
  error: null,
};

/** @returns {State} */
const initial = () => ({
  engine: {
    status: "booting",
    stage: "",
    bytes: 0,
    total: 0,
    rate: null,
    remaining: null,
    backend: null,
    adapter: "",
    threads: 1,
    isolated: globalThis.crossOriginIsolated ?? false,
    selfAttention: "",
    sparing: false,
    offline: false,
    stale: [],
    note: null,
    error: null,
  },
  models: { list: [], chosen: "", kept: {}, device: null, trouble: "" },
  model: null,
  settings: DEFAULTS,
  start: {
    on: false,
    kind: "file",
    whole: null,
    marks: [],
    picture: null,
    strength: 0.6,
    noiseShares: [],
    trouble: null,
  },
  reading: null,
  runs: { byId: {}, shown: "", beside: null, compared: [] },
  causes: { word: null, all: null, gain: null, live: false },
  gallery: NO_GALLERY,
  view: {
    step: null,
    word: null,
    mean: true,
    part: null,
    lens: "held",
    decoded: false,
    playing: false,
    pace: "usual",
    theme: "auto",
    worn: "light",
    room: "stage",
    lost: null,
  },
  hand: { guidance: {}, latents: {}, touching: false },
});

/** @typedef {{ [Section in keyof State]?: Partial<State[Section]> | null }} Patch */

/** Milliseconds that telling within a beat may take at once. */
const SLICE = 8;

/** Holds the state. A section that changes becomes a new object, so `===` tells whether it did. */
export class Store {
  constructor() {
    /** @type {State} */
    this.state = initial();
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.told = true;
    /** Milliseconds that `setLater` may keep a change to itself; the budget for drawing says how many. */
    this.beat = 0;
    this.timer = 0;
    /** Calls a little later; the budget has it wait for the next frame. @type {(call: () => void) => void} */
    this.later = (call) => setTimeout(call);
  }

  /**
   * Change sections by a patch, `set({ view: { word: 2 } })`. Fields that are not named stay as they are.
   *
   * @param {Patch} change
   */
  set(change) {
    this.#merge(change);
    this.#tell();
  }

  /**
   * Change sections as `set` does, and tell of it within a beat: what comes often is told together. Whatever `set` tells
   * meanwhile tells this too.
   *
   * @param {Patch} change
   */
  setLater(change) {
    this.#merge(change);
    if (this.beat === 0) this.#tell();
    else if (this.told) this.timer ||= setTimeout(() => this.#tellInSlices(), this.beat);
  }

  /** @param {Patch} change */
  #merge(change) {
    const next = /** @type {Record<string, unknown>} */ ({ ...this.state });
    for (const [section, fields] of Object.entries(change)) {
      const mergeable = fields && next[section];
      next[section] = mergeable ? { .../** @type {object} */ (next[section]), ...fields } : fields;
    }
    this.state = /** @type {State} */ (/** @type {unknown} */ (next));
  }

  #tell() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.told) return;
    this.told = false;
    queueMicrotask(() => {
      this.told = true;
      // Who unsubscribes meanwhile is not told any more.
      for (const listener of this.listeners) listener();
    });
  }

  /** Tell one after the other, and when that takes long the rest later, so that the page's frames go on meanwhile. */
  #tellInSlices() {
    this.timer = 0;
    const waiting = [...this.listeners];
    const goOn = () => {
      const end = performance.now() + SLICE;
      while (waiting.length && performance.now() < end) {
        const listener = waiting.shift();
        if (listener && this.listeners.has(listener)) listener();
      }
      if (waiting.length) this.later(goOn);
    };
    goOn();
  }

  /**
   * Call `listener` whenever one of the picked values has changed, by `===`. Changes made in one go are told once.
   *
   * @param {(state: State) => unknown[]} pick
   * @param {(state: State) => void} listener
   * @param {AbortSignal} [signal] ends the subscription; without it, it lasts as long as the page
   */
  subscribe(pick, listener, signal) {
    if (signal?.aborted) return;
    let last = pick(this.state);
    const hear = () => {
      const now = pick(this.state);
      if (now.every((value, i) => value === last[i])) return;
      last = now;
      this.#call(listener);
    };
    this.listeners.add(hear);
    signal?.addEventListener("abort", () => this.listeners.delete(hear), { once: true });
  }

  /** What fails in one listener is reported, and keeps nothing from the others. @param {(state: State) => void} listener */
  #call(listener) {
    try {
      listener(this.state);
    } catch (error) {
      reportError(error);
    }
  }
}
