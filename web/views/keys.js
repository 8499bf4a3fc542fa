/**
 * Keys for those who know them; nothing here is without a control on the page.
 *
 * @import { Commands } from "../state/commands.js"
 * @import { Store } from "../state/store.js"
 * @import { Tools } from "./mounting.js"
 */

import { gainOf } from "../state/gains.js";
import { numberOf, PARTS } from "../state/parts.js";
import { busy, shownRun, shownWords } from "../state/selectors.js";
import { someOpen } from "./popover.js";

/**
 * @param {HTMLElement} element stays empty
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  element.hidden = true;
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, [popover], [role=slider]")) return;
    // An open sheet has the keys: Escape closes it, as the browser does by itself.
    if (someOpen()) return;
    if (event.key === " " && target.closest("button, a, summary")) return;
    const act = actions(tools)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", press, { signal });
}

/**
 * @param {Tools} tools
 * @returns {Record<string, (() => void) | undefined>}
 */
function actions({ store, send, reach }) {
  const { view, settings } = store.state;
  const run = shownRun(store.state);
  const chosen = view.word === null ? undefined : shownWords(store.state)[view.word];
  const stronger = (/** @type {number} */ by) => () => {
    if (!chosen) return;
    const gain = gainOf(settings.gains, chosen.text) + by;
    send.strengthen(chosen.text, Math.max(0, Math.min(2, Math.round(gain * 10) / 10)));
  };
  /** @type {Record<string, () => void>} */
  const parts = {};
  for (const name of PARTS) {
    const part = numberOf(name);
    parts[part] = () => send.open(view.part === part ? null : part);
  }
  return {
    ...parts,
    " ": () => playOrHold(store, send),
    ArrowLeft: () => send.move(-1),
    ArrowRight: () => send.move(1),
    Home: () => send.show(1),
    End: () => (busy(store.state) ? send.follow() : send.show(run.frames.length)),
    Escape: () => (view.part === null ? send.choose(null) : send.open(null)),
    w: () => reach.go("words"),
    "+": stronger(0.1),
    "-": stronger(-0.1),
    a: () => send.toggleAttention(),
    l: () => send.nextLens(),
    "?": () => reach.go("keys"),
  };
}

/**
 * @param {Store} store
 * @param {Commands} send
 */
export function playOrHold(store, send) {
  const { view } = store.state;
  const run = shownRun(store.state);
  if (busy(store.state) && view.step === null) {
    if (run.status === "paused") send.resume();
    else send.pause();
  } else if (view.playing) send.hold();
  else if (run.status === "running" && view.step === null) send.move(0);
  else send.play();
}
