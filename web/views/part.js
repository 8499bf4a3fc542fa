/**
 * The names of the parts, each a button: it says whether its part is open, and the focus comes back to it from there.
 *
 * @import { Tools } from "./mounting.js"
 */
import { set } from "./dom.js";

/**
 * @param {HTMLElement[]} buttons with `data-part`
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function namePart(buttons, { store, reach }, signal) {
  for (const button of buttons) {
    const way = () => button.checkVisibility() && button.focus();
    reach.offer(`part ${button.dataset.part}`, way, signal);
  }
  const update = () => {
    for (const button of buttons)
      set(button, "aria-expanded", String(button.dataset.part === String(store.state.view.part)));
  };
  store.subscribe(({ view }) => [view.part], update, signal);
  update();
}
