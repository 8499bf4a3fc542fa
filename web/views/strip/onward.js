/**
 * Ways on from the run on show: another one from its step on, and the rooms that begin with it.
 *
 * @import { Tools } from "../mounting.js"
 */
import { COMPARE } from "../../state/address.js";
import { GALLERY } from "../../state/gallery.js";
import { t } from "../../text/text.js";
import { h, icon } from "../dom.js";
import { switching } from "./switching.js";

/** @param {Tools} tools @param {AbortSignal} signal @returns {HTMLElement} */
export function onward(tools, signal) {
  const { send } = tools;
  return h(
    "div",
    { class: "onward" },
    h(
      "button",
      { class: "button small", click: () => send.enter(COMPARE) },
      h("span", {}, t("action.compare")),
    ),
    h(
      "button",
      { class: "button small", title: t("gallery.open"), click: () => send.enter(GALLERY) },
      icon("nine"),
      h("span", {}, t("gallery.open")),
    ),
    ...switching(tools, signal),
  );
}
