/**
 * Ways on from the run on show, to the rooms that begin with it.
 *
 * @import { Tools } from "../mounting.js"
 */
import { GALLERY } from "../../state/gallery.js";
import { t } from "../../text/text.js";
import { h, icon } from "../dom.js";

/** @param {Tools} tools @returns {HTMLElement} */
export function onward({ send }) {
  return h(
    "div",
    { class: "onward" },
    h(
      "button",
      { class: "button small", title: t("gallery.open"), click: () => send.enter(GALLERY) },
      icon("nine"),
      h("span", {}, t("gallery.open")),
    ),
  );
}
