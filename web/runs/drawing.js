/**
 * One run on its way: what was wished for becomes what Python takes, and what Python sends becomes frames in the store.
 *
 * @import { Commands, Place } from "../engine/worker.js"
 * @import { Store } from "../state/store.js"
 * @import { Frame, Manifest, Result, Run, Settings, Wishes } from "../types"
 */

import { EngineError } from "../engine/trouble.js";
import { within } from "../state/bounds.js";
import { split } from "../state/gains.js";
import { withRun } from "../state/runs.js";
import { startOf } from "../state/start.js";
import { stepsSkipped, stepsToTake, timeOf } from "../state/steps.js";
import { NO_RUN } from "../state/store.js";
import { compact } from "./half.js";
import { unpack } from "./packing.js";

export class Drawing {
  #store;
  #from;
  /** Whether strengths were wished for, which are then not left out. */
  #gained;
  /** @type {Frame[]} steps of the run that this one goes on from */
  #before;
  #started = 0;

  /**
   * @param {Store} store
   * @param {string} id the run's
   * @param {Wishes} wishes
   * @param {Settings} [base] for what is left out; else that is as in the run to go on from, or in the store
   * @throws {EngineError} a wish is out of its bounds
   */
  constructor(store, id, { start, from, ...wishes }, base) {
    this.#store = store;
    this.#from = from;
    this.#gained = Boolean(wishes.gains);
    this.id = id;
    /** @type {Run | null} the run to go on from, where the worker remembers it; it refuses others by their name */
    this.origin = null;
    const run = store.state.runs.byId[from?.run ?? ""];
    if (run?.resumable) this.origin = run;
    this.#before = this.origin?.frames.slice(0, from?.step) ?? [];
    const said = Object.entries(wishes).filter(([, value]) => value !== undefined);
    const given = { ...(base ? null : this.origin?.settings), ...Object.fromEntries(said) };
    const { settings: known, refused } = within(given);
    if (refused) throw new EngineError({ code: "settings", ...refused });
    /** What of them the page's fields can have. */
    this.known = known;
    /** @type {Settings} */
    this.settings = { ...(base ?? store.state.settings), ...given };
    const usual = from || base ? undefined : startOf({ ...store.state, settings: this.settings });
    /** Where it begins, if at a picture. */
    this.start = start === undefined ? usual : start;
  }

  /** Where it began, or the run that it goes on from. @returns {Run["start"]} */
  get begins() {
    return this.start ?? this.origin?.start ?? null;
  }

  /** The run before it begins. @returns {Run} */
  get fresh() {
    const { settings } = this;
    const skipped = this.start
      ? stepsSkipped(settings.steps, this.start.strength)
      : (this.origin?.skipped ?? 0);
    const steps = stepsToTake(settings) - skipped;
    const from = this.origin && this.#from ? { run: this.origin.id, step: this.#from.step } : null;
    const asked = { settings, start: this.begins, skipped, steps, from };
    return { ...NO_RUN, status: "waiting", ...asked, frames: this.#before };
  }

  /**
   * @param {Commands} python
   * @returns {Promise<object>} what Python takes for it; strengths of words that are not in the prompt are left out
   */
  async wishes(python) {
    if (!this.#gained) this.settings.gains = await heard(python, this.settings);
    if (this.origin?.packed) this.#before = await unpack(this.origin.packed.slice(0, this.#from?.step));
    return { ...this.settings, ...placeOf(this.start, this.#from) };
  }

  /** What the run is when Python begins. @returns {Partial<Run>} */
  begin() {
    this.#started = performance.now();
    const { model } = this.#store.state;
    return {
      status: "running",
      queued: false,
      resumable: true,
      frames: this.#before,
      started: this.#started,
      model,
    };
  }

  /**
   * Put a frame into the store.
   *
   * @param {any} fields of a frame as the worker sends it
   * @returns {Frame}
   */
  take({ picture, attention, ...fields }) {
    const { model, runs } = this.#store.state;
    const run = runs.byId[this.id];
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
    this.#store.setLater(withRun(this.#store.state, this.id, { frames, steps, msPerStep }));
    return frame;
  }

  /** Those that were computed so far. @returns {Frame[]} */
  get frames() {
    return this.#store.state.runs.byId[this.id].frames.slice(this.#before.length);
  }

  /** What it gives when Python has ended it. @returns {Result} */
  get result() {
    const { id, frames, settings } = this;
    const picture = frames[frames.length - 1].preview;
    return { id, picture, frames, settings, ms: performance.now() - this.#started };
  }
}

/**
 * @param {Wishes["start"]} start
 * @param {Wishes["from"]} from
 * @returns {Place} with nothing in it that is undefined: Python takes less for not being there
 */
export function placeOf(start, from) {
  /** @type {Place} */
  const place = {};
  if (start) {
    const { width = 0, height = 0, data = [] } = start.picture ?? {};
    place.start = { width, height, data, strength: start.strength };
  }
  if (from) {
    const { run, step, latent, guidance } = from;
    place.from = { run, step, ...(latent && { latent }), ...(guidance !== undefined && { guidance }) };
  }
  return place;
}

/**
 * @param {Commands} python
 * @param {Settings} settings
 * @returns {Promise<Settings["gains"]>} the strengths whose word is in the prompt, as the tokenizer reads it
 */
export async function heard(python, { prompt, gains }) {
  if (Object.keys(gains).length === 0) return gains;
  const { words } = await python.read_prompt(prompt);
  return split(gains, words).heard;
}
