/**
 * The seven parts in a row, for screens where the frame has no room for all their names.
 *
 * @import { View } from "../../types"
 * @import { Tools } from "../mounting.js"
 */

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
  const buttons = Array.from({ length: 7 }, (_, k) =>
    h(
      "button",
      {
        "data-part": k + 1,
        click: () => tools.send.open(/** @type {View["part"]} */ (k + 1)),
      },
      h("i", { class: "part-number", "aria-hidden": "true" }, k + 1),
      h("span", { class: "name" }, t(`part.${k + 1}`)),
    ),
  );
  const items = buttons.map((button) => h("li", {}, button));
  element.append(h("ol", {}, items));
  namePart(buttons, tools, signal);
}
