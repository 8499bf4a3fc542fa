/** The first thing that a keyboard meets: a link past the head to the prompt. */

import { t } from "../text/text.js";
import { h } from "./dom.js";

/** @param {HTMLElement} element */
export function mount(element) {
  // By hand: a link's own way would write over the settings in the address.
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    document.getElementById("prompt")?.focus();
  };
  element.append(h("a", { class: "skip", href: "#main", click: go }, t("skip")));
}
