/**
 * What can be done now: generate; while a run goes pause, step and cancel; after it, save.
 *
 * @import { Tools } from "../mounting.js"
 */

import { busy, queuedRun, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { fill, h, icon, say } from "../dom.js";
import { progress } from "../progress.js";
import { strength } from "./strength.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  const title = h("span", { class: "dock-title" });
  const fact = h("span", { class: "quiet" });
  const status = h("div", { class: "dock-status" }, title, fact);
  const buttons = h("div", { class: "buttons" });
  element.append(strength(tools, signal), status, buttons);

  const generate = h(
    "button",
    { class: "button primary", click: () => send.generate() },
    t("action.generate"),
  );
  const save = h("button", { class: "button", click: () => send.save() }, icon("save"), t("action.save"));
  const pause = h("button", { class: "button", click: () => send.pause() }, icon("pause"), t("action.pause"));
  const resume = h(
    "button",
    { class: "button", click: () => send.resume() },
    icon("play"),
    t("action.resume"),
  );
  const step = h("button", { class: "button", click: () => send.step() }, t("action.step"));
  const cancel = h("button", { class: "button", click: () => send.cancel() }, t("action.cancel"));

  /** @returns {HTMLButtonElement[]} */
  const wanted = () => {
    const run = shownRun(store.state);
    if (queuedRun(store.state)) return [cancel];
    if (busy(store.state)) {
      if (run.status === "waiting") return [cancel];
      return [run.status === "paused" ? resume : pause, step, cancel];
    }
    return run.status === "finished" && run.source === "live" ? [save, generate] : [generate];
  };

  const update = () => {
    const now = wanted();
    if (now.length !== buttons.childElementCount || now.some((button, i) => button !== buttons.children[i])) {
      const held = buttons.contains(document.activeElement);
      fill(buttons, now);
      // Who works by keyboard stays where the buttons are, though the pressed one has gone.
      if (held && !buttons.contains(document.activeElement)) now[0].focus({ preventScroll: true });
    }
    const { line, detail } = progress(store.state);
    say(title, line);
    say(fact, detail);
  };
  store.subscribe(
    ({ runs, view, engine }) => [
      shownRun({ runs }),
      queuedRun({ runs }),
      view.step,
      engine.status,
      engine.bytes,
    ],
    update,
    signal,
  );
  update();
}
