/**
 * The seven parts in a row, for screens where the frame has no room for all their names.
 *
 * @import { Commands } from "../state/commands.js"
 * @import { View } from "../types"
 */

import { t } from "../text/text.js";
import { h, set } from "./dom.js";

/**
 * @param {HTMLElement} element
 * @param {unknown} _store
 * @param {Commands} send
 */
export function mount(element, _store, send) {
  set(element, "aria-label", t("parts.label"));
  const buttons = Array.from({ length: 7 }, (_, k) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          "data-part": k + 1,
          click: () => send.open(/** @type {View["part"]} */ (k + 1)),
        },
        h("i", { class: "part-number", "aria-hidden": "true" }, k + 1),
        h("span", { class: "name" }, t(`part.${k + 1}`)),
      ),
    ),
  );
  element.append(h("ol", {}, buttons));
}
