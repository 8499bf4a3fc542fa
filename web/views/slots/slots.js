/**
 * What is done to the slots of words, which the prompt does not show: one button each that undoes it.
 *
 * @import { Tools } from "../mounting.js"
 */
import { t } from "../../text/text.js";
import { fill, h, icon } from "../dom.js";

const PADDING = "<padding>"; // as in pyscript_app/slots.py

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send, reach }, signal) {
  /** Whether a button was pressed, which is gone then. */
  let pressed = false;

  /** @param {string} word */
  const undo = (word) => {
    pressed = true;
    send.restore(word);
  };

  const update = () => {
    const slots = Object.entries(store.state.settings.slots ?? {});
    element.hidden = slots.length === 0;
    const chips = slots.map(([word, way]) => {
      const name = word === PADDING ? t("slots.padding") : word;
      const done = t(`trial.${way}`);
      return h(
        "button",
        {
          class: "button small",
          "aria-label": t("slots.undo", { word: name, done }),
          click: () => undo(word),
        },
        h("span", { class: "serif" }, name),
        h("span", { class: "quiet" }, done),
        icon("close"),
      );
    });
    fill(element, h("p", { class: "quiet" }, t("slots.lead")), h("div", { class: "choices" }, chips));
    if (pressed && chips.length) chips[0].focus();
    else if (pressed) reach.go("prompt");
    pressed = false;
  };
  store.subscribe(({ settings }) => [settings.slots], update, signal);
  update();
}
