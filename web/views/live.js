/**
 * What a screen reader hears without asking: the start, every third step, the end, and what went wrong.
 *
 * @import { Store } from "../state/store.js"
 */

import { shownRun, shownSettings } from "../state/selectors.js";
import { t } from "../text/text.js";
import { say, watch } from "./dom.js";

const EVERY = 3;

/**
 * @param {HTMLElement} element with a polite live region
 * @param {Store} store
 */
export function mount(element, store) {
  watch(
    store,
    ({ engine }) => [engine.status],
    () => {
      const { status } = store.state.engine;
      if (status === "ready") say(element, t("live.ready"));
      if (status === "failed") say(element, t("live.failed"));
      if (status === "asking") say(element, t("live.asking"));
    },
  );
  watch(
    store,
    ({ runs }) => [
      shownRun({ runs }).status,
      Math.floor(shownRun({ runs }).frames.length / EVERY),
      shownRun({ runs }).source,
    ],
    () => {
      const run = shownRun(store.state);
      if (run.source !== "live") return;
      const prompt = shownSettings(store.state).prompt.trim() || t("prompt.none");
      if (run.status === "finished") say(element, t("live.finished", { prompt }));
      else if (run.status === "cancelled") say(element, t("progress.cancelled", { step: run.frames.length }));
      else if (run.status === "paused") say(element, t("live.paused", { step: run.frames.length }));
      else if (run.status === "failed") say(element, t("progress.failed"));
      else if (run.status === "waiting") {
        if (store.state.engine.status !== "ready") say(element, t("progress.waiting"));
      } else if (run.frames.length === 0) say(element, t("live.begun", { prompt }));
      else say(element, t("progress.step", { step: run.frames.length, steps: run.steps }));
    },
  );
}
