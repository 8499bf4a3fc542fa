/**
 * A model's folder dropped anywhere on the page; while it is held over it, the page says what will happen.
 *
 * @import { Tools } from "../mounting.js"
 */

import { t } from "../../text/text.js";
import { h } from "../dom.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { send }, signal) {
  const hint = h("p", { class: "drop-hint", hidden: true }, t("models.drop"));
  element.append(hint);
  const holdsFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  /** @param {DragEvent} event */
  const over = (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the browser would open the files in the page's place
    hint.hidden = false;
  };
  /** @param {DragEvent} event */
  const leave = (event) => {
    if (event.relatedTarget === null) hint.hidden = true;
  };
  /** @param {DragEvent} event */
  const drop = (event) => {
    hint.hidden = true;
    if (!holdsFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    send.drop(event.dataTransfer);
  };
  addEventListener("dragover", over, { signal });
  addEventListener("dragleave", leave, { signal });
  addEventListener("drop", drop, { signal });
}
