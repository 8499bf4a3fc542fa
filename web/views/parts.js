/**
 * The parts in a row, for screens where the frame has no room for all their names.
 *
 * @import { Commands } from "../state/commands.js"
 */

import { numberOf, PARTS } from "../state/parts.js";
import { t } from "../text/text.js";
import { h, set } from "./dom.js";

/**
 * @param {HTMLElement} element
 * @param {unknown} _store
 * @param {Commands} send
 */
export function mount(element, _store, send) {
  set(element, "aria-label", t("parts.label"));
  const buttons = PARTS.map(numberOf).map((part) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          "data-part": part,
          click: () => send.open(part),
        },
        h("i", { class: "part-number", "aria-hidden": "true" }, part),
        h("span", { class: "name" }, t(`part.${part}`)),
      ),
    ),
  );
  element.append(h("ol", {}, buttons));
}
