/**
 * The panel beside the frame: what happens in this step, or where the picture listens to the chosen word; before the
 * first picture of one's own, what is on its way.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { Store } from "../../state/store.js"
 */
import { shownRun } from "../../state/selectors.js";
import { h, watch } from "../dom.js";
import * as listening from "./listening.js";
import * as loading from "./loading.js";
import * as turn from "./turn.js";

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {Commands} send
 */
export function mount(element, store, send) {
  const panels = {
    loading: h("div", { class: "panel" }),
    turn: h("div", { class: "panel" }),
    listening: h("div", { class: "panel" }),
  };
  element.append(...Object.values(panels));
  loading.mount(panels.loading, store, send);
  turn.mount(panels.turn, store);
  listening.mount(panels.listening, store, send);

  const choose = () => {
    const { engine, view } = store.state;
    const run = shownRun(store.state);
    const begun = run.frames.length > 0;
    const starting = engine.status !== "ready" && run.source !== "live";
    const shown = view.word !== null && begun ? "listening" : starting || !begun ? "loading" : "turn";
    for (const [name, panel] of Object.entries(panels)) panel.hidden = name !== shown;
  };
  watch(
    store,
    ({ engine, runs, view }) => [
      engine.status,
      shownRun({ runs }).source,
      shownRun({ runs }).frames.length,
      view.word,
    ],
    choose,
  );
  choose();
}
