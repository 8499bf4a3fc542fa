/**
 * Where on the winding a run begins that begins at a picture: the winding unrolled, with a knob. The laps before it are
 * not run.
 *
 * @import { Tools } from "../mounting.js"
 */
import { inUnits } from "../../paint/canvas.js";
import { straight, trace } from "../../paint/line.js";
import { startOf } from "../../state/start.js";
import { numbered, stepsSkipped, stepsToTake, strengthOf } from "../../state/steps.js";
import { percent, t } from "../../text/text.js";
import { h, say, set, sized } from "../dom.js";

const HIGH = 44; // of the line's canvas, in units of 1/16 rem
const KNOB = 11; // half of the slider's knob
const ROUGH = 5;
const LEFT_OUT = [1, 4]; // dash and gap

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function begin({ store, send }, signal) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const slider = h("input", {
    type: "range",
    min: 1,
    step: 1,
    "aria-label": t("start.slider"),
    input: () => {
      const { steps } = store.state.settings;
      send.takeSteps(strengthOf(steps - Number(slider.value) + 1, steps));
    },
  });
  const track = h("div", { class: "begin-track" }, canvas, slider);
  const where = h("span", {});
  const strength = h("span", { class: "quiet" });
  const element = h(
    "div",
    { class: "begin" },
    h("p", { class: "begin-text" }, where, " ", strength),
    track,
    h(
      "p",
      { class: "begin-ends", "aria-hidden": "true" },
      h("span", {}, t("start.free")),
      h("span", {}, t("start.near")),
    ),
  );

  const update = () => {
    const { settings, start } = store.state;
    const begins = startOf(store.state);
    if (!begins) return;
    const skipped = stepsSkipped(settings.steps, begins.strength);
    const at = numbered({ skipped }, { step: 1, steps: stepsToTake(settings) - skipped });
    const share = start.noiseShares[skipped];
    const { step, steps } = at;
    const said =
      share === undefined
        ? t("start.where", at)
        : t("start.where.noise", { step, steps, noise: percent(share) });
    set(slider, "max", settings.steps);
    slider.value = String(step);
    set(slider, "aria-valuetext", said);
    say(where, said);
    say(strength, t("start.strength", { strength: percent(begins.strength) }));
    draw(skipped, steps);
  };

  /** @param {number} skipped @param {number} steps */
  const draw = (skipped, steps) => {
    const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const width = track.clientWidth / unit;
    if (width === 0) return;
    const { settings, start } = store.state;
    const style = getComputedStyle(track);
    const context = inUnits(canvas, width, HIGH, unit);
    // The knob's way, from the first step to the last that a run can begin with, and what is left after that.
    const pitch = (width - 2 * KNOB) / Math.max(1, settings.steps - 1);
    const line = straight(width, HIGH / 2, (x) => (x - KNOB) / pitch);
    const rough = (/** @type {number} */ lap) =>
      ROUGH * (start.noiseShares[Math.max(0, Math.min(steps - 1, Math.floor(lap)))] ?? 0) ** 1.5;
    context.lineJoin = "round";
    const stroke = (/** @type {string} */ ink) => {
      context.strokeStyle = style.getPropertyValue(ink);
      context.lineWidth = 1.25;
      context.stroke();
    };
    context.setLineDash(LEFT_OUT);
    context.beginPath();
    trace(context, line, -1, skipped);
    stroke("--line");
    context.setLineDash([]);
    context.beginPath();
    trace(context, line, skipped, steps, rough);
    stroke("--coil");
  };

  store.subscribe(({ start, settings, view, model }) => [start, settings, view.worn, model], update, signal);
  sized(track, update, signal);
  return element;
}
