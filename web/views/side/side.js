/**
 * The panel beside the frame: what happens in this step, or where the picture listens to the chosen word; before the
 * first picture of one's own, what is on its way.
 *
 * @import { Tools } from "../mounting.js"
 */
import { shownRun } from "../../state/selectors.js";
import { h } from "../dom.js";
import * as listening from "./listening.js";
import * as loading from "./loading.js";
import * as turn from "./turn.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, reach } = tools;
  const panels = {
    loading: h("div", { class: "panel" }),
    turn: h("div", { class: "panel", hidden: true }),
    listening: h("div", { class: "panel", hidden: true }),
  };
  element.append(...Object.values(panels));
  const draw = {
    loading: loading.mount(panels.loading, tools, signal),
    turn: turn.mount(panels.turn, tools, signal),
    listening: listening.mount(panels.listening, tools, signal),
  };

  const choose = () => {
    const { engine, view } = store.state;
    const run = shownRun(store.state);
    const begun = run.frames.length > 0;
    const starting = engine.status !== "ready" && run.source !== "live";
    const shown = view.word !== null && begun ? "listening" : starting || !begun ? "loading" : "turn";
    if (!panels[shown].hidden) return;
    for (const [name, panel] of Object.entries(panels)) panel.hidden = name !== shown;
    draw[shown](); // a panel that is hidden is not kept up
  };
  store.subscribe(
    ({ engine, runs, view }) => [
      engine.status,
      shownRun({ runs }).source,
      shownRun({ runs }).frames.length,
      view.word,
    ],
    choose,
    signal,
  );
  choose();
  reach.offer("panel", () => element.scrollIntoView({ block: "start", behavior: "instant" }), signal);
}
