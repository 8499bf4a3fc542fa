/**
 * One sentence about a room that could not be entered.
 *
 * @import { Tools } from "../mounting.js"
 */

import { t } from "../../text/text.js";
import { fill, h, icon, set } from "../dom.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store }, signal) {
  set(element, "role", "alert");
  const update = () => {
    const { lost } = store.state.view;
    fill(
      element,
      lost &&
        h(
          "p",
          { class: "sentence bad" },
          icon("stop"),
          h("span", {}, t(`room.${lost.why}`, { room: lost.room })),
        ),
    );
  };
  store.subscribe(({ view }) => [view.lost], update, signal);
  update();
}
