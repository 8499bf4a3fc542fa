/**
 * How the run stands, in words.
 *
 * @import { Run, State } from "../types"
 */
import { atTheEnd, queuedRun, shownFrame, shownRun, shownSteps } from "../state/selectors.js";
import { numbered } from "../state/steps.js";
import { percent, seconds, t } from "../text/text.js";

/**
 * @param {State} state
 * @returns {{ line: string, detail: string }}
 */
export function progress(state) {
  const { engine } = state;
  const run = shownRun(state);
  const frame = shownFrame(state);
  const steps = shownSteps(state);
  const on = (/** @type {number} */ step) => {
    const at = numbered(run, { step, steps });
    return t("progress.step", at);
  };
  const at = frame ? on(frame.step) : t("progress.none");
  if (run.source === "recorded") {
    const line = atTheEnd(state) ? t("progress.finished") : at;
    return {
      line,
      detail: queuedRun(state) ? t("progress.waiting.why") : frame ? t("progress.recorded") : "",
    };
  }
  const left = Math.max(0, steps - run.frames.length) * run.msPerStep;
  switch (run.status) {
    case "waiting":
      // With the engine there, only for the moment that the run before takes to end.
      if (engine.status === "ready") return { line: on(1), detail: "" };
      return { line: t("progress.waiting"), detail: t("progress.waiting.why") };
    case "running":
      return { line: frame ? at : on(1), detail: doing(engine, run, left) };
    case "paused":
      return { line: at, detail: t("progress.paused") };
    case "finished": {
      const all = run.msPerStep * steps;
      if (!atTheEnd(state)) return { line: at, detail: t("progress.of.finished") };
      return {
        line: t("progress.finished"),
        detail: t("progress.all", { time: seconds(all), count: steps }),
      };
    }
    case "cancelled":
      return { line: t("progress.cancelled", { step: run.frames.length + run.skipped }), detail: "" };
    case "failed":
      return { line: stopped(run), detail: "" };
    default:
      return { line: at, detail: "" };
  }
}

/** @param {State["engine"]} engine @param {Run} run @param {number} left milliseconds @returns {string} */
function doing({ status, bytes, total }, { msPerStep }, left) {
  // What a run needs first is fetched then: the encoder, where it begins at a picture.
  if (status === "downloading") return t("progress.fetching", { share: percent(bytes / (total || 1)) });
  return msPerStep ? t("progress.left", { time: seconds(left) }) : t("progress.starting");
}

/** @param {Run} run that failed @returns {string} */
export function stopped(run) {
  return t(run.frames.length ? "progress.failed" : "progress.refused");
}
