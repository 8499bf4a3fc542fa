/**
 * Part 6 in the hand: the latent that the step begins with is painted, covered with noise, copied and moved, by finger, mouse
 * or keys; the decoder shows at once what is in it, and the run is drawn on from there.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { Cell } from "../../paint/touch.js"
 * @import { Frame, Manifest, State } from "../../types"
 */
import { colourImage } from "../../paint/latent.js";
import { cellOf, filled, moved, noise, patch, way } from "../../paint/touch.js";
import { newest } from "../../state/newest.js";
import { handKey, shownFrame, shownModel } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { h, icon, say, set } from "../dom.js";
import { tile } from "./tiles.js";

const TOOLS = /** @type {const} */ (["paint", "erase", "copy", "shift"]);
const UNDONE = 30; // touches that can be undone
const FIRST = "#d23a1e";
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {State} state in which the step is in reach
 * @param {Commands} send
 * @param {Element | null} there what stands in the sheet: of the same step it stays
 * @returns {HTMLElement}
 */
export function touching(state, send, there) {
  const key = handKey(state, shownFrame(state)?.step ?? 1);
  return there instanceof HTMLElement && there.dataset.touched === key ? there : build(state, send, key);
}

/** @param {State} state @param {Commands} send @param {string} key */
function build(state, send, key) {
  const { step, latentIn, scale = 1, noiseShare } = /** @type {Frame} */ (shownFrame(state));
  const shape = /** @type {Manifest} */ (shownModel(state)).latent;
  /** Before each touch, the run's own first; as the network sees it, so that a colour is the same with every sampler. */
  let latents = state.hand.latents[key] ?? [scale === 1 ? latentIn : latentIn.map((value) => value * scale)];
  /** With a touch that has not ended yet. */
  let now = latents[latents.length - 1];
  /** @type {typeof TOOLS[number]} */
  let tool = "paint";
  /** @type {Cell} */
  let cursor = { x: Math.floor(shape.width / 2), y: Math.floor(shape.height / 2) };
  /** Where a patch was taken up, and what is under it. @type {{ from: Cell, onto: Float32Array } | null} */
  let taken = null;

  const canvas = h("canvas", {
    class: "touched",
    role: "application",
    tabindex: 0,
    "aria-label": t("touching.latent"),
    "aria-describedby": "touching-how",
  });
  const square = h("span", { class: "brush", "aria-hidden": "true" });
  const where = h("span", { class: "hush", role: "status" });
  const decoded = state.engine.sparing ? null : tile(t("touching.decoded"), true);
  const grid = tile(t("touching.latent"));
  grid.element.replaceChildren(
    h("div", { class: "board" }, canvas, square),
    h("figcaption", {}, t("touching.latent"), where),
  );
  const size = h("input", {
    type: "range",
    min: 1,
    max: Math.floor(shape.width / 2),
    value: Math.max(2, Math.round(shape.width / 8)),
    "aria-label": t("touching.size"),
    input: () => draw(),
  });
  const colour = h("input", { type: "color", value: FIRST, "aria-label": t("touching.colour") });
  const tools = TOOLS.map((name) => h("button", { click: () => pick(name) }, t(`touching.${name}`)));
  const how = h("p", { class: "quiet", id: "touching-how" });
  const undo = h(
    "button",
    { class: "button small", click: () => keep(latents.slice(0, -1)) },
    t("touching.undo"),
  );
  const reset = h(
    "button",
    { class: "button small", click: () => keep(latents.slice(0, 1)) },
    t("touching.reset"),
  );
  const onward = h("button", { class: "button small", click: () => goOn() }, t("touching.onward", { step }));

  const look = newest(async (/** @type {Float32Array} */ latent) => {
    const picture = await send.peek(latent);
    if (picture) decoded?.show(picture);
  });
  const draw = () => {
    const image = colourImage(now, shape);
    if (canvas.width !== image.width) canvas.width = image.width;
    if (canvas.height !== image.height) canvas.height = image.height;
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    const { left, top, right, bottom } = patch(shape, cursor, Number(size.value));
    const part = (/** @type {number} */ cells, /** @type {number} */ all) => `${(100 * cells) / all}%`;
    Object.assign(square.style, {
      left: part(left, shape.width),
      top: part(top, shape.height),
      width: part(right - left, shape.width),
      height: part(bottom - top, shape.height),
    });
    set(square, "data-taken", taken !== null);
    for (const button of [undo, reset, onward]) button.disabled = latents.length === 1;
    if (decoded) look(now).catch((error) => console.warn("The touched latent was not decoded:", error));
  };
  /** @param {Float32Array[]} all */
  const keep = (all) => {
    taken = null;
    latents = all.length > UNDONE ? [all[0], ...all.slice(1 - UNDONE)] : all;
    now = latents[latents.length - 1];
    send.touch(step, latents);
    draw();
  };
  const end = () => {
    if (now === latents[latents.length - 1]) taken = null;
    else keep([...latents, now]);
    draw();
  };
  const drop = () => {
    now = latents[latents.length - 1];
    taken = null;
    draw();
  };
  const pick = (/** @type {typeof TOOLS[number]} */ name) => {
    tool = name;
    drop();
    for (const [k, button] of tools.entries()) set(button, "aria-pressed", String(TOOLS[k] === tool));
    say(how, t(`touching.${tool}.how`));
    colour.hidden = tool !== "paint";
  };
  const covered = noise(noiseShare);
  /** Begin a touch at the cursor: paint a patch, or take one up. */
  const begin = () => {
    const wide = Number(size.value);
    if (tool === "paint" || tool === "erase") return touch(cursor);
    taken = { from: cursor, onto: tool === "copy" ? now : filled(now, shape, cursor, wide, covered) };
    draw();
  };
  /** Go on with it to a cell. @param {Cell} to */
  const touch = (to) => {
    const wide = Number(size.value);
    if (taken) {
      now = moved(latents[latents.length - 1], shape, { from: taken.from, to, size: wide }, taken.onto);
    } else {
      const [low, high] = shape.range;
      const cell = cellOf(rgbOf(colour.value), shape.rgb).map((value) =>
        Math.max(low, Math.min(high, value)),
      );
      for (const each of way(cursor, to))
        now = filled(now, shape, each, wide, tool === "paint" ? (c) => cell[c] : covered);
    }
    cursor = to;
    draw();
  };
  const goOn = () => {
    // What nobody touched is the run's own to the bit.
    const [own] = latents;
    const latent = latents[latents.length - 1].map((value, k) =>
      value === own[k] ? latentIn[k] : value / scale,
    );
    send.goOn(step, { latent });
  };

  /** @param {PointerEvent} event @returns {Cell} */
  const cellAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const along = (/** @type {number} */ part, /** @type {number} */ cells) =>
      Math.max(0, Math.min(cells - 1, Math.floor(part * cells)));
    return {
      x: along((event.clientX - box.left) / box.width, shape.width),
      y: along((event.clientY - box.top) / box.height, shape.height),
    };
  };
  canvas.addEventListener("pointerdown", (event) => {
    drop();
    canvas.setPointerCapture(event.pointerId);
    cursor = cellAt(event);
    begin();
  });
  canvas.addEventListener("pointermove", (event) => {
    const cell = cellAt(event);
    if (cell.x === cursor.x && cell.y === cursor.y) return;
    if (canvas.hasPointerCapture(event.pointerId)) return touch(cell);
    if (taken) return; // the keys hold a patch
    cursor = cell;
    draw();
  });
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", drop);
  canvas.addEventListener("keydown", (event) => {
    const [right, down] = ARROWS[event.key] ?? [0, 0];
    if (right || down) {
      const to = {
        x: Math.max(0, Math.min(shape.width - 1, cursor.x + right)),
        y: Math.max(0, Math.min(shape.height - 1, cursor.y + down)),
      };
      if (taken) touch(to);
      cursor = to;
      draw();
      say(where, t("touching.where", { row: to.y + 1, column: to.x + 1 }));
    } else if (event.key === " " || event.key === "Enter") {
      if (taken) end();
      else {
        begin();
        if (!taken) end();
      }
    } else if (event.key === "Escape" && taken) drop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  pick(tool);
  return h(
    "div",
    { class: "touching", "data-touched": key },
    h("div", { class: "boards" }, grid.element, decoded?.element),
    h(
      "div",
      { class: "by-hand" },
      h("div", { class: "segments", role: "group", "aria-label": t("touching.tools") }, tools),
      how,
      h("label", { class: "amount" }, h("span", {}, t("touching.size")), size),
      h("div", { class: "choices" }, colour, undo, reset),
      h(
        "div",
        { class: "choices" },
        onward,
        h(
          "button",
          { class: "button small", click: () => send.reachIn(false) },
          icon("left"),
          t("touching.end"),
        ),
      ),
    ),
  );
}

/** @param {string} hex @returns {number[]} red, green and blue, 0-1 */
function rgbOf(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
}
