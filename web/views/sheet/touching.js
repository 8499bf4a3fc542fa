/**
 * Part 6 in the hand: the latent that the step begins with is painted, covered with noise, copied and moved, by finger, mouse
 * or keys; the decoder shows at once what is in it, and the run is drawn on from there.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { Cell } from "../../paint/touch.js"
 * @import { Frame, Manifest, State } from "../../types"
 */
import { put } from "../../paint/canvas.js";
import { colourImage } from "../../paint/latent.js";
import { cellOf, noise, patch } from "../../paint/touch.js";
import { TOOLS, Touched } from "../../paint/touched.js";
import { newest } from "../../state/newest.js";
import { handKey, shownFrame, shownModel, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { h, icon, say, set } from "../dom.js";
import { tile } from "./tiles.js";

const FIRST = "#d23a1e"; // the colour before another is chosen
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
  // As the network sees it, so that a colour is the same with every sampler.
  const own = scale === 1 ? latentIn : latentIn.map((value) => value * scale);
  const touched = new Touched(state.hand.latents[key] ?? [own], shape, noise(noiseShare));
  const decoded = state.engine.sparing ? null : tile(t("touching.decoded"), true);
  /** @type {Float32Array | null} what was decoded last, or is about to be */
  let looked = null;
  const look = newest(async (/** @type {Float32Array} */ latent) => {
    const picture = await send.peek(latent);
    if (picture) decoded?.show(picture);
  });

  const size = h("input", {
    type: "range",
    min: 1,
    max: Math.floor(shape.width / 2),
    value: Math.max(2, Math.round(shape.width / 8)),
    "aria-label": t("touching.size"),
    input: () => handle(() => {}),
  });
  const colour = h("input", {
    type: "color",
    value: FIRST,
    "aria-label": t("touching.colour"),
    input: () => handle(() => {}),
  });
  /** Do something with the tools as they are set, and show what comes of it. @param {() => void} act */
  const handle = (act) => {
    touched.size = Number(size.value);
    const [low, high] = shape.range;
    touched.colour = cellOf(rgbOf(colour.value), shape.rgb).map((x) => Math.max(low, Math.min(high, x)));
    act();
    draw();
  };
  /** The same, of what is remembered. @param {() => void} act */
  const keep = (act) => {
    const { latents } = touched;
    handle(act);
    if (touched.latents !== latents) send.touch(step, touched.latents);
  };
  const tools = TOOLS.map((name) => h("button", { click: () => pick(name) }, t(`touching.${name}`)));
  const how = h("p", { class: "quiet", id: "touching-how" });
  const pick = (/** @type {typeof TOOLS[number]} */ name) => {
    handle(() => touched.drop());
    touched.tool = name;
    for (const [k, button] of tools.entries()) set(button, "aria-pressed", String(TOOLS[k] === name));
    say(how, t(`touching.${name}.how`));
    colour.hidden = name !== "paint";
  };
  /** @param {string} text @param {() => void} click */
  const button = (text, click) => h("button", { class: "button small", click }, text);
  const undo = button(t("touching.undo"), () => keep(() => touched.undo()));
  const reset = button(t("touching.reset"), () => keep(() => touched.reset()));
  const onward = button(t("touching.onward", { step: step + shownRun(state).skipped }), () =>
    send.goOn(step, { latent: touched.inItsOwnSize(latentIn, scale) }),
  );
  const { element: board, canvas, square } = boardOf(touched, handle, keep);

  const draw = () => {
    put(canvas, colourImage(touched.now, shape));
    const { left, top, right, bottom } = patch(shape, touched.cursor, touched.size);
    const part = (/** @type {number} */ cells, /** @type {number} */ all) => `${(100 * cells) / all}%`;
    Object.assign(square.style, {
      left: part(left, shape.width),
      top: part(top, shape.height),
      width: part(right - left, shape.width),
      height: part(bottom - top, shape.height),
    });
    set(square, "data-taken", touched.holds);
    // Who works by keyboard stays here when the pressed button has no more to do.
    if (touched.untouched && [undo, reset].some((each) => each === document.activeElement)) canvas.focus();
    for (const each of [undo, reset, onward]) each.disabled = touched.untouched;
    if (!decoded || looked === touched.now) return;
    looked = touched.now;
    look(looked).catch((error) => console.warn("The touched latent was not decoded:", error));
  };
  pick("paint");
  return h(
    "div",
    { class: "touching", "data-touched": key },
    h("div", { class: "boards" }, board, decoded?.element),
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

/**
 * The latent, large, with the square of cells that the tool is on.
 *
 * @param {Touched} touched
 * @param {(act: () => void) => void} handle does something with it
 * @param {(act: () => void) => void} keep the same, of what is remembered
 */
function boardOf(touched, handle, keep) {
  const { shape } = touched;
  const canvas = h("canvas", {
    class: "touched",
    role: "application",
    tabindex: 0,
    "aria-label": t("touching.latent"),
    "aria-describedby": "touching-how",
  });
  const square = h("span", { class: "brush", "aria-hidden": "true" });
  const where = h("span", { class: "hush", role: "status" });
  /** @param {number} x @param {number} y @returns {Cell} the nearest one in the latent */
  const cell = (x, y) => ({
    x: Math.max(0, Math.min(shape.width - 1, x)),
    y: Math.max(0, Math.min(shape.height - 1, y)),
  });
  /** @param {PointerEvent} event */
  const cellUnder = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return cell(
      Math.floor(((clientX - left) / width) * shape.width),
      Math.floor(((clientY - top) / height) * shape.height),
    );
  };
  /** Move what is held, or else the cursor alone. @param {Cell} to @param {boolean} held */
  const go = (to, held) =>
    handle(() => {
      if (held) touched.move(to);
      else touched.cursor = to;
    });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    handle(() => touched.begin(cellUnder(event)));
  });
  canvas.addEventListener("pointermove", (event) => {
    const to = cellUnder(event);
    if (to.x === touched.cursor.x && to.y === touched.cursor.y) return;
    const pressed = canvas.hasPointerCapture(event.pointerId);
    if (pressed || !touched.holds) go(to, pressed); // else the keys hold a patch
  });
  canvas.addEventListener("pointerup", () => keep(() => touched.end()));
  canvas.addEventListener("pointercancel", () => handle(() => touched.drop()));
  canvas.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const to = cell(touched.cursor.x + arrow[0], touched.cursor.y + arrow[1]);
      go(to, touched.holds);
      say(where, t("touching.where", { row: to.y + 1, column: to.x + 1 }));
    } else if (event.key === " " || event.key === "Enter") {
      // A patch that is taken up is held until the next time.
      keep(() => {
        if (touched.holds) return touched.end();
        touched.begin();
        if (!touched.holds) touched.end();
      });
    } else if (event.key === "Escape" && touched.holds) handle(() => touched.drop());
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const element = h(
    "figure",
    {},
    h("div", { class: "board" }, canvas, square),
    h("figcaption", {}, t("touching.latent"), where),
  );
  return { element, canvas, square };
}

/** @param {string} hex @returns {number[]} red, green and blue, 0-1 */
function rgbOf(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
}
