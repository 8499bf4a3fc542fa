/**
 * Two pictures with one difference: both frames, what lies between them, their steps, and what to change next.
 *
 * @import { Tools } from "../../views/mounting.js"
 */
import { STAGE } from "../../state/address.js";
import { busy, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { h, set } from "../../views/dom.js";
import { playOrHold } from "../../views/keys.js";
import * as ask from "./ask.js";
import * as between from "./between.js";
import * as earlier from "./earlier.js";
import * as film from "./film.js";
import { frame } from "./frame.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  set(element, "aria-label", t("compare.title"));
  const question = h("div", { class: "question" });
  const middle = h("div", { class: "between" });
  const strip = h("section", { class: "film", "aria-label": t("compare.film") });
  const before = h("section", { class: "earlier", "aria-label": t("earlier.title") });
  element.append(
    h("h2", { class: "hush" }, t("compare.title")),
    question,
    h("div", { class: "sight" }, frame("a", tools, signal), middle, frame("b", tools, signal), strip),
    before,
  );
  ask.mount(question, tools, signal);
  between.mount(middle, tools, signal);
  film.mount(strip, tools, signal);
  earlier.mount(before, tools, signal);

  /** @type {Record<string, () => void>} */
  const keys = {
    " ": () => playOrHold(store, send),
    ArrowLeft: () => send.move(-1),
    ArrowRight: () => send.move(1),
    Home: () => send.show(1),
    End: () => (busy(store.state) ? send.follow() : send.show(shownRun(store.state).frames.length)),
    Escape: () => send.enter(STAGE),
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const act = keys[event.key];
    if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, select, [popover]")) return;
    if (event.key === " " && target.closest("button, a, summary")) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", press, { signal });
}
