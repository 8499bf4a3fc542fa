/** Numbers along the steps of a run, as lines on one scale that begins at 0. */
import { axisBottom, axisLeft, line, scaleLinear, select } from "../../vendor/d3.js";
import { h, s, set, sized, unitOf } from "../dom.js";

/**
 * @typedef {object} Line
 * @property {number[]} values of the steps from 1 on, as far as they are known
 * @property {boolean} [dashed]
 *
 * @typedef {object} Curves
 * @property {string} label what they show, for who cannot see them
 * @property {number} steps how many there will be
 * @property {Line[]} lines
 * @property {number | null} here the step on show
 * @property {number | null} [mark] a step that is marked
 */

/** In units of the stage, as all that is drawn. */
const MARGIN = { top: 8, right: 12, bottom: 22, left: 38 };

/**
 * @param {(step: number) => void} pick called with a step that is pressed; the keyboard has other ways to it
 * @param {AbortSignal} signal
 * @returns {{ element: HTMLElement, draw: (curves: Curves) => void }}
 */
export function curve(pick, signal) {
  const picture = s("svg", { role: "img" });
  const element = h("div", { class: "curve" }, /** @type {any} */ (picture));
  /** @type {Curves | null} */
  let shown = null;
  let unit = 1;
  /** @type {(x: number) => number} */
  let stepAt = () => 1;

  const render = () => {
    unit = unitOf();
    const [width, height] = [element.clientWidth / unit, element.clientHeight / unit];
    if (!shown || width === 0) return;
    const { steps, lines, here, mark, label } = shown;
    const most = Math.max(1, ...lines.flatMap(({ values }) => values));
    const x = scaleLinear([1, Math.max(2, steps)], [MARGIN.left, width - MARGIN.right]);
    const y = scaleLinear([0, most], [height - MARGIN.bottom, MARGIN.top]).nice(3);
    stepAt = (at) => Math.max(1, Math.min(steps, Math.round(x.invert(at))));
    const path = line().x((_, k) => x(k + 1));
    set(picture, "aria-label", label);
    set(picture, "viewBox", `0 0 ${width} ${height}`);
    const across = s("g", { class: "ticks", transform: `translate(0 ${height - MARGIN.bottom})` });
    const up = s("g", { class: "ticks", transform: `translate(${MARGIN.left} 0)` });
    const whole = x.ticks(Math.min(steps, width / 48)).filter(Number.isInteger);
    select(/** @type {any} */ (across)).call(
      axisBottom(x).tickValues(whole).tickFormat(String).tickSizeOuter(0),
    );
    select(/** @type {any} */ (up)).call(
      axisLeft(y)
        .ticks(height / 48)
        .tickSizeOuter(0),
    );
    picture.replaceChildren(
      across,
      up,
      ...(mark
        ? [s("path", { class: "mark-line", d: `M${x(mark)} ${MARGIN.top}V${height - MARGIN.bottom}` })]
        : []),
      ...lines.flatMap(({ values, dashed }) => {
        const d = path.y((_, k) => y(values[k]))(/** @type {any} */ (values));
        return [
          s("path", { class: "curve-line", "data-dashed": dashed, d: d ?? "" }),
          ...values.map((value, k) => point(x(k + 1), y(value), k + 1 === here, dashed)),
        ];
      }),
    );
  };

  /** @param {number} x @param {number} y @param {boolean} here @param {boolean} [hollow] */
  const point = (x, y, here, hollow) =>
    s("circle", {
      class: here ? "here" : "curve-dot",
      "data-hollow": hollow,
      cx: x,
      cy: y,
      r: here ? 5 : 2.8,
    });

  picture.addEventListener("click", (event) => {
    const { clientX } = /** @type {MouseEvent} */ (event);
    pick(stepAt((clientX - element.getBoundingClientRect().left) / unit));
  });
  sized(element, render, signal);
  return {
    element,
    draw(curves) {
      shown = curves;
      render();
    },
  };
}
