/**
 * A small canvas to scribble a picture on, with the colours that the miniature learned and those of its grounds. Arrow
 * keys move the brush, Space paints.
 *
 * @import { Tools } from "../mounting.js"
 */
import { clear, put } from "../../paint/canvas.js";
import { css, paintLine } from "../../paint/scribble.js";
import { t } from "../../text/text.js";
import { h, set } from "../dom.js";
import inks from "./inks.json" with { type: "json" };

const COLOURS = { ...inks.colours, ...inks.grounds };
/** The brushes' widths, as parts of the picture's. */
const BRUSHES = { fine: 0.04, broad: 0.1, large: 0.22 };
const STRIDE = 1 / 32; // how far a key moves the brush

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function scribble({ store, send }, signal) {
  let ink = inks.colours.red;
  let width = BRUSHES.broad;
  /** The line that is being drawn. @type {{ ink: number[], width: number, points: number[] } | null} */
  let line = null;
  let at = { x: 0.5, y: 0.5 };

  const canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": t("scribble.label") });
  const brush = h("span", { class: "brush", "aria-hidden": "true" });
  const sheet = h("div", { class: "scribble-sheet" }, canvas, brush);

  /** @param {PointerEvent} event */
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.width];
  };
  const paint = () => {
    const context = canvas.getContext("2d");
    if (context && line) paintLine(context, line);
  };
  /** @param {PointerEvent} event */
  const end = (event) => {
    if (!line || !event.isPrimary) return;
    send.scribble(line);
    line = null;
  };
  const drop = () => {
    line = null;
    clear(canvas);
    update();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    canvas.setPointerCapture(event.pointerId);
    line = { ink, width, points: placeOf(event) };
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!line || !canvas.hasPointerCapture(event.pointerId)) return;
    for (const one of [...(event.getCoalescedEvents?.() ?? []), event]) line.points.push(...placeOf(one));
    paint();
  });
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", drop);
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (by) {
      const within = (/** @type {number} */ value) => Math.max(0, Math.min(1, value));
      at = { x: within(at.x + by[0] * STRIDE), y: within(at.y + by[1] * STRIDE) };
      point();
    } else if (event.key === " " || event.key === "Enter") {
      send.scribble({ ink, width, points: [at.x, at.y] });
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) send.unscribble();
    else return;
    event.preventDefault();
  });
  const point = () => {
    set(
      brush,
      "style",
      `left:${at.x * 100}%;top:${at.y * 100}%;width:${width * 100}%;background:${css(ink)}`,
    );
  };

  const colours = h(
    "div",
    { class: "inks", role: "radiogroup", "aria-label": t("scribble.inks") },
    Object.entries(COLOURS).map(([name, colour]) => {
      const radio = h("input", {
        type: "radio",
        name: "ink",
        "aria-label": t(`ink.${name}`),
        style: `background:${css(colour)}`,
        change: () => {
          ink = colour;
          point();
        },
      });
      radio.checked = colour === ink;
      return radio;
    }),
  );
  const brushes = h(
    "div",
    { class: "brushes", role: "radiogroup", "aria-label": t("scribble.brushes") },
    Object.entries(BRUSHES).map(([name, wide]) => {
      const radio = h("input", {
        type: "radio",
        name: "brush",
        "aria-label": t(`brush.${name}`),
        style: `--wide:${wide * 100}`,
        change: () => {
          width = wide;
          point();
        },
      });
      radio.checked = wide === width;
      return radio;
    }),
  );
  const undo = h("button", { class: "tool", click: () => send.unscribble() }, t("scribble.undo"));
  const wipe = h("button", { class: "tool", click: () => send.wipe() }, t("scribble.clear"));
  const fill = (/** @type {string} */ name, /** @type {number} */ below) =>
    h("button", { class: "button small", click: () => send.scribble({ ink, below }) }, t(`scribble.${name}`));

  const update = () => {
    const { kind, picture, marks } = store.state.start;
    undo.disabled = wipe.disabled = marks.length === 0;
    if (kind !== "scribble" || !picture || line) return;
    set(sheet, "style", `aspect-ratio:${picture.width}/${picture.height}`);
    put(canvas, picture);
  };
  store.subscribe(({ start }) => [start.picture, start.kind], update, signal);
  point();
  update();
  return h(
    "div",
    { class: "scribble" },
    sheet,
    h("div", { class: "scribble-tools" }, brushes, undo, wipe),
    colours,
    h("div", { class: "choices" }, fill("all", 0), fill("half", 0.5)),
  );
}
