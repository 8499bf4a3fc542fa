/**
 * Activities: what the worker can be asked to do (pyscript_app/activities/). Each waits until the engine is ready and
 * those before it have ended; the buttons are those of the one whose turn it is.
 *
 * @import { Commands } from "./worker.js"
 * @import { Trouble } from "../types"
 */
import { Deferred, orAbort } from "./promises.js";
import { EngineError } from "./trouble.js";

/**
 * What an activity takes, or what makes that once its turn has come.
 *
 * @typedef {object | ((python: Commands) => Promise<object>)} Asked
 */

/**
 * Who hears what of an activity.
 *
 * @typedef {object} Ears
 * @property {string} [id] of its messages
 * @property {() => void} [onBegin] when Python begins it
 * @property {(item: any) => void} [onItem]
 * @property {(graph: string) => void} [onStage] when a graph begins
 * @property {boolean} [givesWay] whether it waits behind all others, and ends with a GaveWay where one is asked for
 */

/** Why an activity has ended: another one was asked for. */
export class GaveWay extends Error {}

/** @typedef {Ears & { id: string, abort: AbortController, turn: Deferred, begun: boolean, last: any }} Job */

export class Activities {
  /** @type {Commands | null} */
  python = null;
  /** Settles when activities can begin, or cannot. */
  ready = new Deferred();
  /** @type {Job[]} those that have not ended, in the order of their turns */
  #jobs = [];
  /** @type {Promise<unknown>} settles when Python has ended the last one, which a cancel does not wait for */
  #free = Promise.resolve();
  #count = 0;

  /**
   * Ask for an activity.
   *
   * @param {string} name in pyscript_app/activities/table.py
   * @param {Asked} [asked]
   * @param {Ears} [ears]
   * @returns {Promise<any>} its last item; rejects with an AbortError after `cancel()`, with an Error that says what went
   *   wrong
   */
  async run(name, asked = {}, ears = {}) {
    /** @type {Job} */
    const job = {
      id: `${name}-${++this.#count}`,
      abort: new AbortController(),
      turn: new Deferred(),
      begun: false,
      last: undefined,
      ...ears,
    };
    const { id, turn } = job;
    const { signal } = job.abort;
    this.#line(job);
    try {
      await orAbort(turn.promise, signal);
      await orAbort(this.ready.promise, signal);
      await orAbort(this.#free, signal);
      const python = /** @type {Commands} */ (this.python);
      const wishes = typeof asked === "function" ? await orAbort(asked(python), signal) : asked;
      signal.throwIfAborted(); // a cancel that came in the moment between
      job.begun = true;
      job.onBegin?.();
      const ended = python.run(name, wishes, id);
      this.#free = ended.catch(() => {});
      const { trouble } = await orAbort(ended, signal);
      if (trouble) throw new EngineError(trouble);
      return job.last;
    } finally {
      this.#leave(job);
    }
  }

  /** Stop before the next step. @param {string} [id] only if it is this one's turn */
  pause(id) {
    this.#steer("pause", id);
  }

  /** @param {string} [id] only if it is this one's turn */
  resume(id) {
    this.#steer("resume", id);
  }

  /** Do one step and pause again. @param {string} [id] only if it is this one's turn */
  step(id) {
    this.#steer("step", id);
  }

  /**
   * End an activity within one step; its promise rejects with an AbortError. The next one then has its turn.
   *
   * @param {string} [id] of the one whose turn it is, if none is given
   */
  cancel(id) {
    const job = id === undefined ? this.#jobs[0] : this.#jobs.find((one) => one.id === id);
    if (job) this.#stop(job, new DOMException("The run was cancelled.", "AbortError"));
  }

  /** End all of them, those that wait too. */
  clear() {
    while (this.#jobs.length) this.cancel();
  }

  /** A promise to wait for from now on, where the last one is settled. */
  renew() {
    if (this.ready.settled) this.ready = new Deferred();
  }

  /** @param {Commands} python that has a model loaded */
  begin(python) {
    this.python = python;
    this.#free = Promise.resolve();
    this.ready.resolve();
  }

  /** Nothing can be done any more: refuse what goes and what waits. @param {Trouble} trouble */
  fail(trouble) {
    const error = new EngineError(trouble);
    this.renew();
    this.ready.reject(error);
    this.python = null;
    while (this.#jobs.length) this.#end(this.#jobs[0], error);
  }

  /** @param {any} message of the worker about an activity */
  hear({ kind, id, item, stage }) {
    const [job] = this.#jobs;
    if (!job?.begun || job.id !== id) return; // the last words of one that was cancelled
    if (kind === "stage") job.onStage?.(stage);
    if (kind !== "item") return;
    job.last = item;
    job.onItem?.(item);
  }

  /** @param {"pause" | "resume" | "step"} command @param {string} [id] */
  #steer(command, id) {
    const [job] = this.#jobs;
    if (job?.begun && (id ?? job.id) === job.id) this.python?.[command]();
  }

  /** Take a place among those that wait. @param {Job} job */
  #line(job) {
    const giving = job.givesWay ? -1 : this.#jobs.findIndex(({ givesWay }) => givesWay);
    this.#jobs.splice(giving < 0 ? this.#jobs.length : Math.max(1, giving), 0, job);
    if (giving === 0) this.#stop(this.#jobs[0], new GaveWay());
    this.#jobs[0].turn.resolve();
  }

  /** @param {Job} job @param {Error} error */
  #stop(job, error) {
    if (job.begun) this.python?.cancel();
    this.#end(job, error);
  }

  /** @param {Job} job @param {Error} error */
  #end(job, error) {
    this.#leave(job);
    job.abort.abort(error);
  }

  /** @param {Job} job */
  #leave(job) {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    this.#jobs[0]?.turn.resolve();
  }
}
