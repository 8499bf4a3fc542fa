/**
 * What the page shows now, read off the state: a run, and of it the step that was asked for, or the newest.
 *
 * @import { Compared, Frame, Manifest, Run, Settings, State } from "../types"
 */
import { gainOf, lower } from "./gains.js";
import { startOf } from "./start.js";
import { stepsSkipped, stepsToTake } from "./steps.js";
import { NO_RUN } from "./store.js";

/**
 * @param {Pick<State, "runs">} state
 * @returns {Run} the run on show; an empty one while there is none
 */
export function shownRun({ runs }) {
  return runs.byId[runs.shown] ?? NO_RUN;
}

/**
 * @param {Pick<State, "runs">} state
 * @returns {Run | null} the second run on show
 */
export function besideRun({ runs }) {
  return runs.byId[runs.beside ?? ""] ?? null;
}

/**
 * The run that drew a step of the run on show: the steps before a run went on belong to the run that it went on from.
 *
 * @param {Pick<State, "runs">} state
 * @param {number} step from 1
 * @returns {Run | null} null where the engine does not remember it
 */
export function drawerOf(state, step) {
  let run = shownRun(state);
  while (run.from && step <= run.from.step) run = state.runs.byId[run.from.run] ?? NO_RUN;
  return run.resumable ? run : null;
}

/**
 * @param {Pick<State, "runs">} state
 * @param {number} step from 1
 * @returns {string} by which `State.hand` knows a step of the run on show
 */
export function handKey(state, step) {
  return `${drawerOf(state, step)?.id} ${step}`;
}

/**
 * @param {Pick<State, "runs">} state
 * @returns {Compared | null} how far the two runs on show are apart, where that is known
 */
export function shownCompared({ runs }) {
  return runs.compared.find(({ a, b }) => a === runs.shown && b === runs.beside) ?? null;
}

/**
 * @param {Pick<State, "runs">} state
 * @returns {Run | null} the run that waits for the engine behind a recording
 */
export function queuedRun({ runs }) {
  return Object.values(runs.byId).find(({ queued }) => queued) ?? null;
}

/**
 * @param {Run} run
 * @returns {boolean} whether an engine is at work on it, or will be
 */
export function lasting({ source, status }) {
  return source === "live" && ["waiting", "running", "paused"].includes(status);
}

/**
 * @param {State} state
 * @returns {Frame | null} the frame on show; null before the first
 */
export function shownFrame(state) {
  const { view } = state;
  const run = shownRun(state);
  if (run.frames.length === 0) return null;
  const last = run.frames.length - 1;
  return run.frames[view.step === null ? last : Math.max(0, Math.min(last, view.step - 1))];
}

/**
 * @param {State} state
 * @returns {Frame | null} the second run's frame: its newest while both are drawn and followed, else the one that holds the
 *   nearest share of noise to the one on show; null before its first
 */
export function besideFrame(state) {
  const frames = besideRun(state)?.frames ?? [];
  const frame = shownFrame(state);
  if (frames.length === 0 || !frame) return null;
  const pair = shownCompared(state)?.pairs?.find(({ a }) => a === frame.step);
  if (!pair || (busy(state) && state.view.step === null)) return frames[frames.length - 1];
  return frames[pair.b - 1] ?? null;
}

/**
 * @param {State} state
 * @returns {boolean} whether an engine is at work on the run on show
 */
export function busy(state) {
  return lasting(shownRun(state));
}

/**
 * @param {State} state
 * @returns {Settings} of the run on show, or of the next one while there is none
 */
export function shownSettings(state) {
  return shownRun(state).settings ?? state.settings;
}

/**
 * @param {State} state
 * @returns {Manifest | null} the model that drew the run on show, else the one that is loaded
 */
export function shownModel(state) {
  return shownRun(state).model ?? state.model;
}

/**
 * @param {State} state
 * @returns {boolean} whether the UNet of the run on show was asked twice, with the words and without
 */
export function askedTwice(state) {
  return (shownModel(state)?.guidance ?? "classifier-free") === "classifier-free";
}

/**
 * @param {State} state
 * @returns {"epsilon" | "v_prediction"} what the UNet of the run on show answers with
 */
export function answerOf(state) {
  return shownModel(state)?.scheduler.prediction_type ?? "epsilon";
}

/**
 * @param {State} state
 * @returns {number} steps of the run on show, or of the next one while there is none
 */
export function shownSteps(state) {
  return shownRun(state).steps || stepsToTake(state.settings) - shownSkipped(state);
}

/**
 * @param {State} state
 * @returns {number} steps before those that the run on show leaves out, or the next one while there is none
 */
export function shownSkipped(state) {
  const { steps, skipped } = shownRun(state);
  const start = startOf(state);
  return steps || !start ? skipped : stepsSkipped(state.settings.steps, start.strength);
}

/**
 * The words on the threads: of the run on show, else of the prompt as it is read now.
 *
 * @param {State} state
 * @returns {{ text: string, tokens: number[], share: number | null }[]}
 */
export function shownWords(state) {
  const frame = shownFrame(state);
  if (frame) return frame.words;
  return (state.reading?.words ?? []).map((word) => ({ text: word.text, tokens: word.tokens, share: null }));
}

/**
 * @param {State} state
 * @returns {boolean} whether the finished picture is what is shown
 */
export function atTheEnd(state) {
  const { view } = state;
  const run = shownRun(state);
  const last = view.step === null || view.step === run.steps;
  return run.status === "finished" && last && run.frames.length > 0;
}

/** What a picture depends on, strengths aside; what draws the steps on the way does not change it. */
const DECISIVE = /** @type {const} */ ([
  "prompt",
  "negative",
  "seed",
  "steps",
  "guidance",
  "sampler",
  "spacing",
]);

/**
 * @param {State} state
 * @returns {boolean} whether the settings have changed since the run on show was asked for
 */
export function stale(state) {
  const { settings } = state;
  const run = shownRun(state);
  const then = run.settings;
  if (run.source !== "live" || !then || run.frames.length === 0) return false;
  const gains = lower(then.gains);
  const start = startOf(state);
  return (
    run.start?.picture !== start?.picture ||
    run.start?.strength !== start?.strength ||
    DECISIVE.some((name) => then[name] !== settings[name]) ||
    JSON.stringify(then.slots) !== JSON.stringify(settings.slots) ||
    run.frames[0].words.some(({ text }) => gainOf(gains, text) !== gainOf(settings.gains, text))
  );
}

/**
 * @param {Pick<Run, "status" | "steps" | "picture">} run
 * @param {Frame} frame one of its
 * @returns {ImageData | null} the finished picture, where the frame is the last of a run that has ended
 */
export function finishedPicture({ status, steps, picture }, { step }) {
  return status === "finished" && step === steps ? picture : null;
}

/**
 * @param {State} state
 * @returns {ImageData | null} the foreseen picture on show, at the end the finished one
 */
export function shownPicture(state) {
  const { picture } = shownRun(state);
  return atTheEnd(state) && picture ? picture : (shownFrame(state)?.preview ?? null);
}

/**
 * The attention of one word in a frame.
 *
 * @param {Frame} frame
 * @param {number} word index
 * @param {boolean} mean over all steps so far, else of this step
 * @returns {{ map: Float32Array, side: number }}
 */
export function mapOf(frame, word, mean) {
  const maps = mean ? frame.meanMaps : frame.maps;
  const size = maps.length / frame.words.length;
  return { map: maps.subarray(word * size, (word + 1) * size), side: Math.sqrt(size) };
}
