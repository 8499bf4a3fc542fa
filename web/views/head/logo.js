/** The mark: a line wound round a picture, rough outside and smooth inside. */
import { winding } from "../../paint/line.js";
import { s } from "../dom.js";

/** @returns {SVGElement} in a box of 32 */
export function logo() {
  const line = winding({
    box: { x: 1, y: 1, width: 30, height: 30 },
    gap: 3.6,
    laps: 3,
    radius: 3,
    upright: true,
    seed: 3,
  });
  const points = [...line.x].map((x, i) => {
    const shift = 1.4 * Math.max(0, 1 - line.lap[i] / 1.25) * line.shake[i];
    return `${(x + line.nx[i] * shift).toFixed(2)} ${(line.y[i] + line.ny[i] * shift).toFixed(2)}`;
  });
  return s(
    "svg",
    { class: "logo", viewBox: "0 0 32 32", "aria-hidden": "true" },
    s("path", {
      d: `M${points.join("L")}`,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.7,
      "stroke-linejoin": "round",
    }),
    s("rect", { x: 12.6, y: 12.6, width: 6.8, height: 6.8, fill: "currentColor" }),
  );
}
