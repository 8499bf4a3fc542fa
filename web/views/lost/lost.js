/**
 * One sentence about a room that could not be entered.
 *
 * @import { Tools } from "../mounting.js"
 */

import { t } from "../../text/text.js";
import { fill, h, icon } from "../dom.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store }, signal) {
  const update = () => {
    const { lost } = store.state.view;
    fill(
      element,
      lost &&
        h(
          "p",
          { class: "sentence bad", role: "alert" },
          icon("stop"),
          h("span", {}, t(`room.${lost.why}`, { room: lost.room })),
        ),
    );
  };
  store.subscribe(({ view }) => [view.lost], update, signal);
  update();
}
