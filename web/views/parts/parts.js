/**
 * The parts in a row, for screens where the frame has no room for all their names.
 *
 * @import { Tools } from "../mounting.js"
 */

import { numberOf, PARTS } from "../../state/parts.js";
import { t } from "../../text/text.js";
import { h, set } from "../dom.js";
import { namePart } from "../part.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  set(element, "role", "navigation");
  set(element, "aria-label", t("parts.label"));
  const buttons = PARTS.map(numberOf).map((part) =>
    h(
      "button",
      {
        "data-part": part,
        click: () => tools.send.open(part),
      },
      h("i", { class: "part-number", "aria-hidden": "true" }, part),
      h("span", { class: "name" }, t(`part.${part}`)),
    ),
  );
  const items = buttons.map((button) => h("li", {}, button));
  element.append(h("ol", {}, items));
  namePart(buttons, tools, signal);
}
