/** A button with a small sheet under it that closes by itself (the browser's own popover). */
import { h, sized } from "./dom.js";

let count = 0;

/**
 * @param {HTMLButtonElement} button that opens it
 * @param {string} title
 * @param {AbortSignal} signal ends what outlasts the sheet
 * @param {...(Node | Node[])} content
 * @returns {HTMLElement} the sheet, to be put beside the button
 */
export function popover(button, title, signal, ...content) {
  const id = `popover-${++count}`;
  const sheet = h(
    "div",
    { id, class: "popover", popover: "auto", role: "dialog", "aria-label": title },
    h("h2", { class: "popover-title" }, title),
    ...content,
  );
  button.setAttribute("popovertarget", id);
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");

  const place = () => {
    const at = button.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(at.left, width - sheet.offsetWidth - 8));
    const below = at.bottom + 6;
    const fits = below + sheet.offsetHeight <= innerHeight;
    sheet.style.left = `${left}px`;
    sheet.style.top = `${Math.max(8, fits ? below : innerHeight - sheet.offsetHeight - 8)}px`;
  };
  sheet.addEventListener("toggle", (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    place();
    /** @type {HTMLElement | null} */ (sheet.querySelector("input:not([type=radio]), :checked"))?.focus();
  });
  const again = () => sheet.matches(":popover-open") && place();
  addEventListener("resize", again, { signal });
  sized(sheet, again, signal);
  return sheet;
}

/** Whether a sheet is open anywhere on the page. */
export function someOpen() {
  return document.querySelector(":popover-open") !== null;
}
