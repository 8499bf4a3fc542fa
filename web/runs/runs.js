/**
 * Runs: a picture is asked for, or two to compare; they wait for their turn, are steered, and their frames go into the store
 * under their ids. One picture or comparison at a time; a newer one cancels the one before, and waits for other activities.
 *
 * @import { Commands } from "../engine/worker.js"
 * @import { Store } from "../state/store.js"
 * @import { Comparison, Frame, Pair, PairedSteps, Reason, Result, Run, Settings, Wishes } from "../types"
 */

import { Activities } from "../engine/activities.js";
import { troubleOf } from "../engine/trouble.js";
import { lower } from "../state/gains.js";
import { PACES } from "../state/paces.js";
import { withCompared, withRun, withRunShown } from "../state/runs.js";
import { shownRun } from "../state/selectors.js";
import { startAfter } from "../state/start.js";
import { timeOf } from "../state/steps.js";
import { Drawing } from "./drawing.js";

/**
 * A picture, or two to compare.
 *
 * @typedef {object} Job
 * @property {string} id of the activity
 * @property {Drawing[]} drawings
 * @property {boolean} begun whether Python works on it
 */

export class Runs {
  /** @type {Job | null} the newest one that was asked for and has not ended */
  #job = null;
  #count = 0;

  /** @param {Store} store @param {Activities} [activities] of which these are some */
  constructor(store, activities = new Activities()) {
    this.store = store;
    this.activities = activities;
    store.subscribe(
      ({ view }) => [view.pace],
      () => this.drawing && this.python?.rest(this.#rest),
    );
  }

  /** What draws, when it is ready. */
  get python() {
    return this.activities.python;
  }

  /** Whether Python works on a picture, or on two. */
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
  async generate(wishes = {}, onFrame, { behind = false } = {}) {
    const drawing = new Drawing(this.store, this.#name(), wishes);
    this.#replace(drawing);
    const hidden = behind && shownRun(this.store.state).source === "recorded";
    const fresh = { ...drawing.fresh, queued: behind };
    this.store.set((hidden ? withRun : withRunShown)(this.store.state, drawing.id, fresh));
    const asked = (/** @type {Commands} */ python) => drawing.wishes(python);
    const onItem = (/** @type {any} */ item) => {
      const frame = drawing.take(item);
      onFrame?.(frame);
    };
    const { results } = await this.#draw("generate", drawing.id, [drawing], asked, onItem);
    return results[0];
  }

  /**
   * Draw two pictures in turn, the first on show and the second beside it. The first has the given settings as `generate`
   * does; the second has the first one's where it has none of its own, and begins where the first does unless it names
   * a `start` or `from`.
   *
   * @param {Wishes} [a]
   * @param {Wishes} [b]
   * @param {(pair: Pair) => void} [onPair]
   * @returns {Promise<Comparison>} rejects as `generate` does
   */
  async compare(a = {}, b = {}, onPair) {
    const one = new Drawing(this.store, this.#name(), a);
    const place = "start" in b || "from" in b ? null : { start: one.start, from: a.from };
    const other = new Drawing(this.store, this.#name(), { ...b, ...place }, one.settings);
    this.#replace(one);
    this.#show([one, other], ({ fresh }) => fresh);
    const asked = async (/** @type {Commands} */ python) => ({
      a: { id: one.id, ...(await one.wishes(python)) },
      b: { id: other.id, ...(await other.wishes(python)) },
    });
    /** @type {PairedSteps[]} */
    const paired = [];
    const onItem = (/** @type {any} */ { run, frame, pairs, comparison }) => {
      (run === "a" ? one : other).take(frame);
      for (const { a, b, ...apart } of pairs) {
        const pair = { a: one.frames[a], b: other.frames[b], ...apart };
        paired.push({ a: pair.a.step, b: pair.b.step, ...apart });
        onPair?.(pair);
      }
      const compared = {
        ...{ a: one.id, b: other.id },
        pairs: [...paired],
        parting: comparison?.parting ?? null,
      };
      this.store.setLater(withCompared(this.store.state, compared));
    };
    const { results, last } = await this.#draw(
      "compare",
      `${one.id}+${other.id}`,
      [one, other],
      asked,
      onItem,
    );
    const [ofA, ofB] = results.map((result) => ({ ...result, ms: own(result.frames) }));
    return { parting: null, paths: null, ...last.comparison, a: ofA, b: ofB };
  }

  /**
   * Say how far apart two runs are that were drawn before, each by itself.
   *
   * @param {string} a ids of finished runs on show
   * @param {string} b
   */
  async measure(a, b) {
    const wishes = Object.fromEntries(
      Object.entries({ a, b }).map(([letter, id]) => {
        const { frames } = this.store.state.runs.byId[id];
        const [shares, latents, expected] = [
          frames.map(({ noiseShare }) => noiseShare),
          frames.map(({ latent }) => latent),
          frames.map(({ x0 }) => x0),
        ];
        return [letter, { shares, latents, expected }];
      }),
    );
    const { pairs, distance, foreseen, parting = null } = await this.activities.run("measure", wishes);
    const paired = pairs?.map((/** @type {number} */ pair, /** @type {number} */ index) => ({
      ...{ a: index + 1, b: pair + 1 },
      ...{ distance: distance[index], foreseen: foreseen[index] },
    }));
    this.store.set(withCompared(this.store.state, { a, b, pairs: paired ?? null, parting }));
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

  /** End what goes on within one step; its promise rejects with an AbortError. */
  cancel() {
    if (!this.#job) return;
    const { id } = this.#job;
    this.#tell(this.#job, () => ({ status: "cancelled", stage: "", queued: false }));
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
    this.store.set(withRunShown(this.store.state, this.#name(), { status: "failed", error }));
  }

  /** Seconds after each step, so that it can be looked at. */
  get #rest() {
    return PACES[this.store.state.view.pace].rest;
  }

  #name() {
    return `run-${++this.#count}`;
  }

  /** Cancel what goes on; the fields are those of what comes. @param {Drawing} drawing */
  #replace({ known, begins }) {
    this.cancel();
    const settings = known.gains ? { ...known, gains: lower(known.gains) } : known;
    this.store.set({ settings, start: startAfter(this.store.state, begins), view: { step: null } });
  }

  /** Put a run on show, a second one beside it. @param {Drawing[]} drawings @param {(one: Drawing) => Partial<Run>} fields */
  #show([one, other], fields) {
    this.store.set(withRunShown(this.store.state, one.id, fields(one), other?.id));
    if (other) this.store.set(withRun(this.store.state, other.id, fields(other)));
  }

  /**
   * @param {string} activity
   * @param {string} id its messages'
   * @param {Drawing[]} drawings
   * @param {(python: Commands) => Promise<object>} asked what Python takes
   * @param {(item: any) => void} onItem
   * @returns {Promise<{ results: Result[], last: any }>} and the activity's last item
   */
  async #draw(activity, id, drawings, asked, onItem) {
    /** @type {Job} */
    const job = { id, drawings, begun: false };
    this.#job = job;
    const wishes = async (/** @type {Commands} */ python) => {
      const made = await asked(python);
      const origins = drawings.flatMap(({ origin }) => origin?.id ?? []);
      python.retain([...new Set([...Object.keys(this.store.state.runs.byId), ...origins])]);
      python.rest(this.#rest);
      return made;
    };
    const onBegin = () => {
      job.begun = true;
      this.#show(drawings, (drawing) => drawing.begin());
    };
    const onStage = (/** @type {string} */ stage) => {
      for (const one of drawings) this.store.setLater(withRun(this.store.state, one.id, { stage }));
    };
    try {
      const last = await this.activities.run(activity, wishes, { id, onBegin, onStage, onItem });
      const results = drawings.map(({ result }) => result);
      this.#tell(job, (index) => ({ status: "finished", stage: "", picture: results[index].picture }));
      return { results, last };
    } catch (error) {
      const ended = /** @type {Error} */ (error).name === "AbortError";
      /** @type {Partial<Run>} */
      const end = ended ? { status: "cancelled" } : { status: "failed", error: troubleOf(error) };
      this.#tell(job, () => ({ ...end, stage: "", queued: false }));
      throw error;
    } finally {
      this.python?.rest(0); // what is no picture has steps of its own
      if (this.#job === job) this.#job = null;
    }
  }

  /** Change a run that is still here. @param {string} id @param {Partial<Run>} fields */
  #change(id, fields) {
    if (id in this.store.state.runs.byId) this.store.set(withRun(this.store.state, id, fields));
  }

  /**
   * Change the state of its runs, unless a newer job has taken its place.
   *
   * @param {Job} job
   * @param {(index: number) => Partial<Run>} fields of each of its runs
   */
  #tell(job, fields) {
    if (this.#job !== job) return;
    for (const [index, { id }] of job.drawings.entries()) this.#change(id, fields(index));
  }

  /**
   * @param {Run["status"]} from
   * @param {Run["status"]} to
   * @param {"pause" | "resume" | "step"} command
   */
  #steer(from, to, command) {
    if (!this.#job || this.store.state.runs.byId[this.#job.drawings[0].id].status !== from) return;
    this.#tell(this.#job, () => ({ status: to }));
    this.activities[command]();
  }
}

/** @param {Frame[]} frames @returns {number} milliseconds that their graphs took */
function own(frames) {
  return frames.reduce((sum, frame) => sum + timeOf(frame), 0);
}
