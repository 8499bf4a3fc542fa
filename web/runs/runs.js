/**
 * Runs: a picture is asked for, waits for its turn, is steered, and its frames become the store's `run`. One at a time;
 * a newer one cancels the one before, and waits for other activities.
 *
 * @import { Commands, Place } from "../engine/worker.js"
 * @import { Store } from "../state/store.js"
 * @import { Frame, Manifest, Result, Run, Settings, Wishes } from "../types"
 */

import { Activities } from "../engine/activities.js";
import { EngineError, troubleOf } from "../engine/trouble.js";
import { within } from "../state/bounds.js";
import { lower, split } from "../state/gains.js";
import { stepsToTake, timeOf } from "../state/steps.js";
import { NO_RUN } from "../state/store.js";
import { compact } from "./half.js";

/**
 * A run that was asked for.
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {Settings} settings
 * @property {((frame: Frame) => void) | undefined} onFrame
 * @property {boolean} begun whether Python works on it
 */

export class Runs {
  /** @type {Job | null} the newest run that was asked for and has not ended */
  #job = null;
  #count = 0;
  /** @type {Map<string, Settings>} what the worker's runs were drawn with, by their ids */
  #drawn = new Map();

  /** @param {Store} store @param {Activities} [activities] of which these are some */
  constructor(store, activities = new Activities()) {
    this.store = store;
    this.activities = activities;
  }

  /** What draws, when it is ready. */
  get python() {
    return this.activities.python;
  }

  /** Whether Python works on a picture. */
  get drawing() {
    return this.#job?.begun ?? false;
  }

  /** @param {Commands} python that has a model loaded */
  begin(python) {
    this.#drawn.clear();
    this.activities.begin(python);
  }

  /**
   * Draw a picture with the given settings over those of the store, or of the run that it goes on from; the store then
   * has them too. Before the engine is ready the run waits for it; a run that goes on already is cancelled. Strengths
   * that are not given and whose word is not in the prompt are left out; given ones are not.
   *
   * @param {Wishes} [wishes]
   * @param {(frame: Frame) => void} [onFrame]
   * @param {{ behind?: boolean }} [place] `behind`: a recording may be on show until the run begins
   * @returns {Promise<Result>} rejects with an AbortError after `cancel()`, with an Error that says what went wrong
   */
  async generate({ start, from, ...wishes } = {}, onFrame, { behind = false } = {}) {
    const said = Object.entries(wishes).filter(([, value]) => value !== undefined);
    /** @type {Partial<Settings>} */
    const given = { ...this.#drawn.get(from?.run ?? ""), ...Object.fromEntries(said) };
    const { settings: known, refused } = within(given);
    if (refused) throw new EngineError({ code: "settings", message: refused });
    this.cancel();
    const gains = known.gains && lower(known.gains);
    this.store.set({ settings: gains ? { ...known, gains } : known, view: { step: null } });
    const settings = { ...this.store.state.settings, ...given };
    const id = `run-${++this.#count}`;
    const { frames: before, skipped } = this.#before(from);
    /** @type {Job} */
    const job = { id, settings, onFrame, begun: false };
    this.#job = job;
    const steps = Math.max(1, stepsToTake(settings, start?.strength) - skipped);
    const fresh = { ...NO_RUN, id, settings, steps, frames: before, skipped };
    const recorded = behind && this.store.state.run.source === "recorded";
    const waiting = { ...fresh, status: /** @type {const} */ ("waiting"), queued: behind };
    this.store.set({ run: recorded ? { queued: true } : waiting });
    let started = 0;
    const asked = async (/** @type {Commands} */ python) => {
      if (!wishes.gains) settings.gains = await heard(python, settings);
      return { ...settings, ...placeOf(start, from) };
    };
    const onBegin = () => {
      job.begun = true;
      started = performance.now();
      this.#tell(job, { ...fresh, status: "running", started, model: this.store.state.model });
      this.#drawn.set(id, settings);
    };
    const onStage = (/** @type {string} */ stage) => this.store.setLater({ run: { stage } });
    const onItem = (/** @type {any} */ item) => this.#take(job, item);
    try {
      await this.activities.run("generate", asked, { id, onBegin, onStage, onItem });
      const { frames } = this.store.state.run;
      const picture = frames[frames.length - 1].preview;
      this.#tell(job, { status: "finished", stage: "", picture });
      const own = frames.slice(before.length).map((frame) => moved(frame, skipped));
      return { id, picture, frames: own, settings, ms: performance.now() - started };
    } catch (error) {
      const ended = /** @type {Error} */ (error).name === "AbortError";
      /** @type {Partial<Run>} */
      const end = ended ? { status: "cancelled" } : { status: "failed", error: troubleOf(error) };
      this.#tell(job, { ...end, stage: "" });
      throw error;
    } finally {
      if (this.#job === job) this.#job = null;
    }
  }

  /** Stop before the next step. */
  pause() {
    this.#steer("running", "paused", "pause");
  }

  resume() {
    this.#steer("paused", "running", "resume");
  }

  /** Do one step and pause again; while the run goes, finish this step and pause. */
  step() {
    this.#steer("running", "paused", "step");
    this.#steer("paused", "paused", "step");
  }

  /** End the run within one step; its promise rejects with an AbortError. */
  cancel() {
    if (!this.#job) return;
    const { id } = this.#job;
    this.#tell(this.#job, { status: "cancelled", stage: "" });
    this.#job = null;
    this.activities.cancel(id);
  }

  /** Say why what was asked for is not drawn. @param {string} message */
  refuse(message) {
    this.cancel();
    this.store.set({ run: { ...NO_RUN, status: "failed", error: { code: "settings", message } } });
  }

  /**
   * @param {Job} job
   * @param {any} fields of a frame as the worker sends it
   */
  #take(job, { picture, attention, ...fields }) {
    const { model, run } = this.store.state;
    const { height, width } = /** @type {Manifest} */ (model).picture;
    /** @type {Frame} */
    const frame = {
      ...fields,
      attention: compact(attention),
      preview: new ImageData(new Uint8ClampedArray(picture), width, height),
    };
    const here = moved(frame, -run.skipped);
    const { steps } = here;
    // Those of an earlier run may have belonged to more steps, or fewer.
    const before = run.frames[0]?.steps === steps ? run.frames : run.frames.map((one) => ({ ...one, steps }));
    const frames = [...before, here];
    const msPerStep = frames.reduce((sum, one) => sum + timeOf(one), 0) / frames.length;
    this.store.setLater({ run: { frames, steps, msPerStep } });
    job.onFrame?.(frame);
  }

  /**
   * @param {Wishes["from"]} from
   * @returns {{ frames: Frame[], skipped: number }} the steps before the one to go on with, where they are on show, or
   *   how many they are
   */
  #before(from) {
    const { id, frames, skipped } = this.store.state.run;
    const step = Number(from?.step ?? 0);
    if (id === from?.run && !skipped && step <= frames.length)
      return { frames: frames.slice(0, step), skipped: 0 };
    return { frames: [], skipped: step };
  }

  /**
   * Change the run's state, unless a newer run has taken its place. Of one that has not begun and waits behind a
   * recording there is no more to say than that it waits no longer.
   *
   * @param {Job} job
   * @param {Partial<Run>} run
   */
  #tell(job, run) {
    if (this.#job !== job) return;
    const behind = this.store.state.run.source === "recorded" && !job.begun;
    this.store.set({ run: { ...(behind ? {} : run), queued: false } });
  }

  /**
   * @param {Run["status"]} from
   * @param {Run["status"]} to
   * @param {"pause" | "resume" | "step"} command
   */
  #steer(from, to, command) {
    if (!this.#job || this.store.state.run.status !== from) return;
    this.#tell(this.#job, { status: to });
    this.activities[command]();
  }
}

/** @param {Frame} frame @param {number} by steps @returns {Frame} the same, counted from another beginning */
function moved(frame, by) {
  return by ? { ...frame, step: frame.step + by, steps: frame.steps + by } : frame;
}

/**
 * @param {Wishes["start"]} start
 * @param {Wishes["from"]} from
 * @returns {Place} with nothing in it that is undefined: Python takes less for not being there
 */
function placeOf(start, from) {
  /** @type {Place} */
  const place = {};
  if (start) {
    const { width = 0, height = 0, data = [] } = start.picture ?? {};
    place.start = { width, height, data, strength: start.strength };
  }
  if (from) {
    const { run, step, latent } = from;
    place.from = latent ? { run, step, latent } : { run, step };
  }
  return place;
}

/**
 * @param {Commands} python
 * @param {Settings} settings
 * @returns {Promise<Settings["gains"]>} the strengths whose word is in the prompt, as the tokenizer reads it
 */
async function heard(python, { prompt, gains }) {
  if (Object.keys(gains).length === 0) return gains;
  const { words } = await python.read_prompt(prompt);
  return split(gains, words).heard;
}
