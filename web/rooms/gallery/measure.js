/**
 * How far the pictures are apart, and what earlier galleries of this visit came to: the lesson of a vague prompt.
 *
 * @import { Tools } from "../../views/mounting.js"
 */
import { number, rich, t } from "../../text/text.js";
import { fill, h } from "../../views/dom.js";

const DIGITS = 2;
const UNALIKE = Math.SQRT2; // how far latents of one length are apart that have nothing in common

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store }, signal) {
  const update = () => {
    const { apart, tiles, measured, vary } = store.state.gallery;
    const count = tiles.filter(({ latent }) => latent).length;
    const rows = measured.map(({ prompt, vary, count, apart }) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", class: "serif" }, prompt.trim() || t("prompt.none")),
        h("td", {}, t(`gallery.of.${vary}`, { count })),
        h("td", { class: "num" }, number(apart, DIGITS)),
      ),
    );
    fill(
      element,
      apart !== null &&
        h(
          "p",
          { class: "lead" },
          rich("gallery.apart", { count, apart: number(apart, DIGITS), most: number(UNALIKE, 1) }),
        ),
      vary === "seed" && apart !== null && h("p", { class: "quiet" }, t("gallery.vague")),
      rows.length > 1 &&
        h(
          "table",
          {},
          h("caption", { class: "quiet" }, t("gallery.measured")),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("th", { scope: "col" }, t("prompt.label")),
              h("th", { scope: "col" }, t("gallery.vary")),
              h("th", { scope: "col" }, t("gallery.apart.name")),
            ),
          ),
          h("tbody", {}, rows),
        ),
    );
  };
  store.subscribe(({ gallery }) => [gallery.apart, gallery.measured, gallery.settings], update, signal);
  update();
}
