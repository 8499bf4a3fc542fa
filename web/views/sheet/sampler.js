/**
 * Part 5: the stairs of noise that this run went down, and the sum that takes each stair.
 *
 * @import { State } from "../../types"
 */

import { shownFrame, shownRun, shownSettings } from "../../state/selectors.js";
import { numbered } from "../../state/steps.js";
import { number, percent, t } from "../../text/text.js";
import { h, s } from "../dom.js";
import { sum } from "../sum.js";

const WIDE = 440;
const HIGH = 190;
const LEFT = 48;
const BASE = 160;

/** @param {State} state */
export function sampler(state) {
  const frame = shownFrame(state);
  if (!frame) return [];
  const equation = h("div", { class: "sum" });
  sum(equation, state);
  const { sampler: name } = shownSettings(state);
  const aside = h(
    "section",
    { class: "group grow" },
    h("h3", {}, t(`sampler.${name}`)),
    h("p", { class: "lead" }, t(`sampler.${name}.why`)),
    equation,
  );
  return [h("div", { class: "groups" }, h("figure", { class: "stairs" }, stairs(state)), aside)];
}

/** @param {State} state */
function stairs(state) {
  const { frames } = shownRun(state);
  const here = /** @type {import("../../types").Frame} */ (shownFrame(state));
  const first = frames[0].timestep;
  const x = (/** @type {number} */ timestep) =>
    LEFT + 8 + ((first - timestep) / (first || 1)) * (WIDE - LEFT - 24);
  const y = (/** @type {number} */ share) => BASE - share * (BASE - 14);
  const parts = [];
  for (const share of [0, 0.5, 1]) {
    const label = s("text", { class: "axis-name", x: LEFT - 4, y: y(share) + 4.5, "text-anchor": "end" });
    label.textContent = percent(share);
    parts.push(s("path", { class: "axis", d: `M${LEFT} ${y(share)}H${WIDE}` }), label);
  }
  const corner = (/** @type {number} */ k) => ({
    x: x(frames[k]?.timestep ?? 0),
    y: y(frames[k]?.noiseShare ?? 0),
  });
  const done = frames.length === here.steps;
  const last = done ? frames.length : frames.length - 1;
  let path = `M${corner(0).x} ${corner(0).y}`;
  for (let k = 1; k <= last; k++) path += `H${corner(k).x}V${corner(k).y}`;
  parts.push(s("path", { class: "stair", d: path }));
  const k = here.step - 1;
  if (k < last) {
    const d = `M${corner(k).x} ${corner(k).y}H${corner(k + 1).x}V${corner(k + 1).y}`;
    parts.push(s("path", { class: "stair now-edge", d }), s("path", { class: "stair now", d }));
  }
  for (let i = 0; i <= last; i++) {
    parts.push(
      s("circle", {
        class: i <= k ? "stop past" : "stop",
        cx: corner(i).x,
        cy: corner(i).y,
        r: i === k ? 5 : 3.4,
      }),
    );
  }
  const from = s("text", { class: "axis-name", x: LEFT, y: HIGH - 8 });
  from.textContent = t("sampler.from", { timestep: number(first) });
  const to = s("text", { class: "axis-name", x: WIDE, y: HIGH - 8, "text-anchor": "end" });
  to.textContent = t("sampler.to");
  const { step } = numbered(shownRun(state), here);
  const label = t("sampler.stairs", { step, noise: percent(here.noiseShare) });
  return s(
    "svg",
    { viewBox: `0 0 ${WIDE + 4} ${HIGH}`, role: "img", "aria-label": label },
    ...parts,
    from,
    to,
  );
}
