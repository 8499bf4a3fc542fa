/**
 * The pictures in their order. Each clears up while it is drawn; a finished one opens a sheet, from which it goes to the stage
 * or into a comparison.
 *
 * @import { Tile, Varied } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { clear, enlargeSharp, put } from "../../paint/canvas.js";
import { settingsOf } from "../../state/gallery.js";
import { number, t } from "../../text/text.js";
import { fill, h, set } from "../../views/dom.js";
import { popover } from "../../views/popover.js";

/** What a comparison is made of, in their order. */
const SIDES = /** @type {const} */ (["a", "b"]);

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  const list = h("ol", { class: "tiles" });
  element.append(list);
  /** The values that are to be compared. @type {Partial<Record<typeof SIDES[number], Tile["value"]>>} */
  let pair = {};
  /** @type {ReturnType<typeof made>[]} */
  let items = [];
  let build = new AbortController();
  signal.addEventListener("abort", () => build.abort());

  /** @param {Tile} tile */
  const made = ({ value }) => {
    const name = nameOf(store.state.gallery.vary, value);
    const canvas = h("canvas", { class: "soft", "aria-hidden": "true" });
    const letters = h("span", { class: "letters", "aria-hidden": "true" });
    const button = h(
      "button",
      { class: "tile" },
      canvas,
      letters,
      h("span", { class: "tile-name", "aria-hidden": "true" }, shortOf(value)),
    );
    const large = h("canvas", { class: "large", role: "img", "aria-label": name });
    const close = (/** @type {() => void} */ act) => () => {
      sheet.hidePopover();
      act();
    };
    const sides = SIDES.map((side) =>
      h(
        "button",
        { class: "button small", "data-run": side, click: close(() => choose(side, value)) },
        t(`gallery.as.${side}`),
      ),
    );
    const sheet = popover(
      button,
      name,
      build.signal,
      large,
      h(
        "div",
        { class: "choices" },
        h(
          "button",
          { class: "button small", click: close(() => send.stagePicture(value)) },
          t("gallery.stage"),
        ),
        sides,
      ),
    );
    sheet.classList.add("picture-sheet");
    sheet.addEventListener("beforetoggle", () => {
      const picture = store.state.gallery.tiles.find((tile) => tile.value === value)?.picture;
      requestAnimationFrame(() => picture && enlargeSharp(large, picture, large.clientWidth));
    });
    return { canvas, letters, button, sides, item: h("li", {}, button, sheet) };
  };

  /** @param {typeof SIDES[number]} side @param {Tile["value"]} value */
  const choose = (side, value) => {
    pair = { ...pair, [side]: pair[side] === value ? undefined : value };
    const { a, b } = pair;
    if (a !== undefined && b !== undefined) {
      pair = {};
      const { state } = store;
      send.compare({ [state.gallery.vary]: b }, { ...settingsOf(state, a), start: null });
    }
    update();
  };

  const renew = () => {
    build.abort();
    build = new AbortController();
    pair = {};
    items = store.state.gallery.tiles.map(made);
    fill(
      list,
      items.map(({ item }) => item),
    );
    update();
  };

  const update = () => {
    const { tiles, vary, status } = store.state.gallery;
    const now = tiles.find(({ latent, refused }) => !latent && !refused);
    for (const [index, { canvas, letters, button, sides }] of items.entries()) {
      const tile = tiles[index];
      const { value, picture, latent, step, steps, refused } = tile;
      if (picture) put(canvas, picture);
      else clear(canvas);
      const current = tile === now && ["drawing", "paused"].includes(status);
      set(button, "aria-current", current ? "step" : false);
      set(button, "data-refused", refused !== null);
      button.disabled = !latent;
      const standing = refused ? "refused" : latent ? "finished" : step ? "going" : "coming";
      set(button, "aria-label", t(`gallery.tile.${standing}`, { name: nameOf(vary, value), step, steps }));
      const marks = SIDES.filter((side) => pair[side] === value);
      fill(
        letters,
        marks.map((side) => h("i", { "data-run": side }, t(`gallery.letter.${side}`))),
      );
      for (const side of sides)
        set(side, "aria-pressed", String(marks.includes(/** @type {any} */ (side.dataset.run))));
    }
  };

  store.subscribe(({ gallery }) => [gallery.settings, gallery.vary], renew, signal);
  store.subscribe(({ gallery }) => [gallery.tiles, gallery.status], update, signal);
  renew();
}

/** @param {Varied} vary @param {Tile["value"]} value @returns {string} what a picture is called */
export function nameOf(vary, value) {
  return t("gallery.name", { setting: t(`setting.${vary}`), value: shortOf(value) });
}

/** @param {Tile["value"]} value */
function shortOf(value) {
  if (typeof value === "string") return t(`sampler.${value}`);
  return Number.isInteger(value) ? String(value) : number(value, 1);
}
