/**
 * A model's folder dropped anywhere on the page; while it is held over it, the page says what will happen.
 *
 * @import { Commands } from "../state/commands.js"
 */

import { t } from "../text/text.js";
import { h } from "./dom.js";

/**
 * @param {HTMLElement} element
 * @param {Commands} send
 */
export function accept(element, send) {
  const hint = h("p", { class: "drop-hint", hidden: true }, t("models.drop"));
  element.append(hint);
  const holdsFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  element.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the browser would open the files in the page's place
    hint.hidden = false;
  });
  element.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) hint.hidden = true;
  });
  element.addEventListener("drop", (event) => {
    hint.hidden = true;
    if (!holdsFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    send.drop(event.dataTransfer);
  });
}
