/**
 * The first thing that a keyboard meets: a link past the head to the prompt, or to the room in its place.
 *
 * @import { Tools } from "../mounting.js"
 */

import { t } from "../../text/text.js";
import { h } from "../dom.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 */
export function mount(element, { reach }) {
  // By hand: a link's own way would write over the settings in the address.
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    reach.go("prompt") || reach.go("room");
  };
  element.append(h("a", { href: "#main", click: go }, t("skip")));
}
