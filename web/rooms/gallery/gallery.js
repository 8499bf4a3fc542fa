/**
 * The gallery: one prompt several times, with one setting that varies, as small pictures that clear up while the visitor does
 * something else; and what was measured of them.
 *
 * @import { Tools } from "../../views/mounting.js"
 */
import { STAGE } from "../../state/address.js";
import { t } from "../../text/text.js";
import { h, icon } from "../../views/dom.js";
import { someOpen } from "../../views/popover.js";
import * as ask from "./ask.js";
import * as measure from "./measure.js";
import * as status from "./status.js";
import * as tiles from "./tiles.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  const title = h("h2", { class: "panel-title" });
  const back = h(
    "button",
    {
      class: "tool back",
      "aria-label": t("gallery.back"),
      title: t("gallery.back"),
      click: () => send.enter(STAGE),
    },
    icon("left"),
  );
  const places = { ask: h("div", { class: "ask-for" }), status: h("div") };
  const shown = h("div", { class: "shown" });
  const told = h("div", { class: "told" });
  const said = h(
    "div",
    { class: "said" },
    h("div", { class: "title" }, back, title),
    ...Object.values(places),
  );
  element.append(said, shown, told);
  ask.mount(places.ask, tools, signal);
  status.mount(places.status, tools, signal);
  measure.mount(told, tools, signal);
  tiles.mount(shown, tools, signal);

  const name = () => {
    const { vary, tiles } = store.state.gallery;
    title.textContent = t(`gallery.title.${vary}`, { count: tiles.length });
  };
  /** The settings are the model's own until it has given its defaults. */
  const visit = () => store.state.model && send.visitGallery();
  store.subscribe(({ gallery }) => [gallery.vary, gallery.tiles.length], name, signal);
  store.subscribe(({ model }) => [model], visit, signal);
  const leave = (/** @type {KeyboardEvent} */ { key, target }) =>
    key === "Escape" && !someOpen() && !(target instanceof HTMLInputElement) && send.enter(STAGE);
  addEventListener("keydown", leave, { signal });
  visit();
  name();
}
