/**
 * What a screen reader hears without asking: the start, every third step, the end, and what went wrong.
 *
 * @import { Tools } from "./mounting.js"
 */

import { shownRun, shownSettings } from "../state/selectors.js";
import { numbered } from "../state/steps.js";
import { t } from "../text/text.js";
import { say, set } from "./dom.js";
import { stopped } from "./progress.js";

const EVERY = 3;

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store }, signal) {
  element.classList.add("hush");
  set(element, "role", "status");
  set(element, "aria-live", "polite");
  store.subscribe(
    ({ engine }) => [engine.status],
    () => {
      const { status } = store.state.engine;
      if (status === "ready") say(element, t("live.ready"));
      if (status === "failed") say(element, t("live.failed"));
      if (status === "asking") say(element, t("live.asking"));
    },
    signal,
  );
  store.subscribe(
    ({ runs }) => [
      shownRun({ runs }).status,
      Math.floor(shownRun({ runs }).frames.length / EVERY),
      shownRun({ runs }).source,
    ],
    () => {
      const run = shownRun(store.state);
      if (run.source !== "live") return;
      const { step, steps } = numbered(run, { step: run.frames.length, steps: run.steps });
      const prompt = shownSettings(store.state).prompt.trim() || t("prompt.none");
      if (run.status === "finished") say(element, t("live.finished", { prompt }));
      else if (run.status === "cancelled") say(element, t("progress.cancelled", { step }));
      else if (run.status === "paused") say(element, t("live.paused", { step }));
      else if (run.status === "failed") say(element, stopped(run));
      else if (run.status === "waiting") {
        if (store.state.engine.status !== "ready") say(element, t("progress.waiting"));
      } else if (run.frames.length === 0) say(element, t("live.begun", { prompt }));
      else say(element, t("progress.step", { step, steps }));
    },
    signal,
  );
}
