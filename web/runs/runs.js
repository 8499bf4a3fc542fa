/**
 * Runs: a picture is asked for, waits for its turn, is steered, and its frames go into the store under the run's id. One at
 * a time; a newer one cancels the one before, and waits for other activities.
 *
 * @import { Commands, Place } from "../engine/worker.js"
 * @import { Store } from "../state/store.js"
 * @import { Frame, Manifest, Reason, Result, Run, Settings, Wishes } from "../types"
 */

import { Activities } from "../engine/activities.js";
import { EngineError, troubleOf } from "../engine/trouble.js";
import { within } from "../state/bounds.js";
import { lower, split } from "../state/gains.js";
import { withRun, withRunShown } from "../state/runs.js";
import { shownRun } from "../state/selectors.js";
import { stepsToTake, timeOf } from "../state/steps.js";
import { NO_RUN } from "../state/store.js";
import { compact } from "./half.js";
import { unpack } from "./packing.js";

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
    const origin = this.#origin(from);
    /** @type {Partial<Settings>} */
    const given = { ...origin?.settings, ...Object.fromEntries(said) };
    const { settings: known, refused } = within(given);
    if (refused) throw new EngineError({ code: "settings", ...refused });
    this.cancel();
    const gains = known.gains && lower(known.gains);
    this.store.set({ settings: gains ? { ...known, gains } : known, view: { step: null } });
    const settings = { ...this.store.state.settings, ...given };
    const id = `run-${++this.#count}`;
    /** @type {Job} */
    const job = { id, settings, onFrame, begun: false };
    this.#job = job;
    const steps = stepsToTake(settings, start?.strength);
    let before = origin?.frames.slice(0, from?.step) ?? [];
    /** @type {Run} */
    const fresh = { ...NO_RUN, status: "waiting", settings, steps, frames: before, queued: behind };
    const hidden = behind && shownRun(this.store.state).source === "recorded";
    this.store.set((hidden ? withRun : withRunShown)(this.store.state, id, fresh));
    let started = 0;
    const asked = async (/** @type {Commands} */ python) => {
      if (!wishes.gains) settings.gains = await heard(python, settings);
      if (origin?.packed) before = await unpack(origin.packed.slice(0, from?.step));
      const kept = Object.keys(this.store.state.runs.byId);
      python.retain([...new Set(origin ? [...kept, origin.id] : kept)]);
      return { ...settings, ...placeOf(start, from) };
    };
    const onBegin = () => {
      job.begun = true;
      started = performance.now();
      const { model } = this.store.state;
      /** @type {Partial<Run>} */
      const begun = { status: "running", queued: false, resumable: true, frames: before, started, model };
      this.store.set(withRunShown(this.store.state, id, begun));
    };
    const onStage = (/** @type {string} */ stage) =>
      this.store.setLater(withRun(this.store.state, id, { stage }));
    const onItem = (/** @type {any} */ item) => this.#take(job, item);
    try {
      await this.activities.run("generate", asked, { id, onBegin, onStage, onItem });
      const { frames } = this.store.state.runs.byId[id];
      const picture = frames[frames.length - 1].preview;
      this.#tell(job, { status: "finished", stage: "", picture });
      return { id, picture, frames: frames.slice(before.length), settings, ms: performance.now() - started };
    } catch (error) {
      const ended = /** @type {Error} */ (error).name === "AbortError";
      /** @type {Partial<Run>} */
      const end = ended ? { status: "cancelled" } : { status: "failed", error: troubleOf(error) };
      this.#tell(job, { ...end, stage: "", queued: false });
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
    this.#tell(this.#job, { status: "cancelled", stage: "", queued: false });
    this.#job = null;
    this.activities.cancel(id);
  }

  /** Python does not remember a run any more. @param {string} id */
  forget(id) {
    this.#change(id, { resumable: false });
  }

  /** The worker has ended, and taken with it what it remembered. */
  forgetAll() {
    for (const id of Object.keys(this.store.state.runs.byId)) this.forget(id);
  }

  /** Say why what was asked for is not drawn. @param {Reason} reason */
  refuse(reason) {
    this.cancel();
    const error = { code: /** @type {const} */ ("settings"), ...reason };
    this.store.set(withRunShown(this.store.state, `run-${++this.#count}`, { status: "failed", error }));
  }

  /**
   * @param {Job} job
   * @param {any} fields of a frame as the worker sends it
   */
  #take(job, { picture, attention, ...fields }) {
    const { model, runs } = this.store.state;
    const run = runs.byId[job.id];
    const { height, width } = /** @type {Manifest} */ (model).picture;
    /** @type {Frame} */
    const frame = {
      ...fields,
      attention: compact(attention),
      preview: new ImageData(new Uint8ClampedArray(picture), width, height),
    };
    const { steps } = frame;
    // Those of an earlier run may have belonged to more steps, or fewer.
    const before = run.frames[0]?.steps === steps ? run.frames : run.frames.map((one) => ({ ...one, steps }));
    const frames = [...before, frame];
    const msPerStep = frames.reduce((sum, one) => sum + timeOf(one), 0) / frames.length;
    this.store.setLater(withRun(this.store.state, job.id, { frames, steps, msPerStep }));
    job.onFrame?.(frame);
  }

  /**
   * @param {Wishes["from"]} from
   * @returns {Run | null} the run to go on from, where the worker remembers it; it refuses others by their name
   */
  #origin(from) {
    const run = this.store.state.runs.byId[from?.run ?? ""];
    return run?.resumable ? run : null;
  }

  /** Change a run that is still here. @param {string} id @param {Partial<Run>} fields */
  #change(id, fields) {
    if (id in this.store.state.runs.byId) this.store.set(withRun(this.store.state, id, fields));
  }

  /** Change the run's state, unless a newer run has taken its place. @param {Job} job @param {Partial<Run>} fields */
  #tell(job, fields) {
    if (this.#job === job) this.#change(job.id, fields);
  }

  /**
   * @param {Run["status"]} from
   * @param {Run["status"]} to
   * @param {"pause" | "resume" | "step"} command
   */
  #steer(from, to, command) {
    if (!this.#job || this.store.state.runs.byId[this.#job.id].status !== from) return;
    this.#tell(this.#job, { status: to });
    this.activities[command]();
  }
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
