/**
 * The line wound round the picture: one lap a step, as rough as the noise, and the lamp that runs along it.
 *
 * @import { Line } from "../../paint/line.js"
 * @import { Tools } from "../mounting.js"
 * @import { Geometry } from "./geometry.js"
 */
import { inUnits } from "../../paint/canvas.js";
import { pointAt, trace, winding } from "../../paint/line.js";
import { shownRun, shownSkipped, shownSteps } from "../../state/selectors.js";
import { noiseAt } from "../../state/steps.js";
import { h } from "../dom.js";
import { Lamp } from "./lamp.js";

const LEFT_OUT = [1, 4]; // dash and gap
const POWER = 2.2; // roughness falls faster than the noise, so that the middle of a run is still legible

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, budget }, signal) {
  const still = h("canvas", { class: "layer", "aria-hidden": "true" });
  const moving = h("canvas", { class: "layer", "aria-hidden": "true" });
  const lampMark = h("div", { class: "lamp-mark", "aria-hidden": "true" });
  element.append(still, moving);

  /** @type {Geometry | null} */
  let geometry = null;
  /** @type {Line | null} */
  let line = null;
  let unit = 1;
  let drawn = "";
  let drawnAt = -1;

  /** The theme's inks, read once a theme. */
  let inks = { theme: "", coil: "", next: "", now: "" };
  const readInks = () => {
    const { theme } = document.documentElement.dataset;
    if (inks.theme === theme) return;
    const style = getComputedStyle(element);
    const of = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    inks = { theme: theme ?? "", coil: of("--coil"), next: of("--coil-next"), now: of("--now") };
  };

  /** Roughness in units at a lap: of the noise that the latent holds there. */
  const roughness = (/** @type {number} */ lap) => {
    const { frames, skipped } = shownRun(store.state);
    if (!geometry || frames.length === 0) return geometry?.amplitude ?? 0;
    const step = (lap * (frames[0].steps + skipped)) / geometry.laps - skipped;
    return geometry.amplitude * noiseAt(frames, step) ** POWER;
  };

  /** @param {CanvasRenderingContext2D} context @param {number} from @param {number} to @param {boolean} rough */
  const stroke = (context, from, to, rough) => {
    if (!line) return;
    context.beginPath();
    trace(context, line, from, to, rough ? roughness : undefined);
    context.stroke();
  };

  /** @param {number} position in steps */
  const draw = (position) => {
    if (!geometry || !line) return;
    readInks();
    const run = shownRun(store.state);
    const skipped = shownSkipped(store.state);
    const perLap = Math.max(1, shownSteps(store.state) + skipped) / geometry.laps;
    const begin = skipped / perLap;
    const here = (position + skipped) / perLap;
    const whole = Math.min(geometry.laps, Math.floor(here + 1e-6));
    const key = [
      whole,
      begin,
      lamp.told,
      run.started,
      unit,
      geometry.width,
      geometry.kind,
      inks.theme,
    ].join();
    const margin = 16;
    const [width, height] = [geometry.width + 2 * margin, geometry.height + 2 * margin];
    if (key !== drawn) {
      drawn = key;
      drawnAt = -1;
      const context = inUnits(still, width, height, unit);
      context.translate(margin, margin);
      context.lineJoin = "round";
      context.lineWidth = 1;
      context.strokeStyle = inks.next;
      stroke(context, whole + (whole < geometry.laps ? 1 : 0), geometry.laps, false);
      if (begin > 0) {
        // Laps that the run leaves out, for it begins at a picture.
        context.setLineDash(LEFT_OUT);
        stroke(context, -1, begin, false);
        context.setLineDash([]);
      }
      context.lineWidth = 1.15;
      context.strokeStyle = inks.coil;
      stroke(context, begin || -1, whole, true);
    }
    if (here === drawnAt) return;
    drawnAt = here;
    const context = inUnits(moving, width, height, unit);
    context.translate(margin, margin);
    context.lineJoin = "round";
    const current = here < geometry.laps;
    if (current) {
      context.lineWidth = 1;
      context.strokeStyle = inks.next;
      stroke(context, here, whole + 1, false);
      context.lineWidth = geometry.kind === "wide" ? 7 : 6;
      context.strokeStyle = inks.now;
      if (here > whole) stroke(context, Math.max(begin, whole), here, false);
      context.lineWidth = 1.15;
      context.strokeStyle = inks.coil;
      if (here > whole) stroke(context, Math.max(begin, whole), here, true);
    }
    lampMark.hidden = !current || run.frames.length + Number(run.status === "running") === 0;
    if (current) {
      const { x, y, angle } = pointAt(line, here);
      lampMark.style.transform = `translate(${x * unit}px, ${y * unit}px) rotate(${angle}deg)`;
    }
  };

  const lamp = new Lamp(store, budget, draw, signal);

  return {
    /** The lamp's mark, to be put above everything else on the stage. */
    mark: lampMark,

    /** @param {Geometry} next @param {number} pixels of a unit */
    place(next, pixels) {
      geometry = next;
      unit = pixels;
      drawn = "";
      drawnAt = -1;
      const { frame, gap, laps, radius } = next;
      const upright = next.kind !== "narrow";
      /** @type {[number, number] | undefined} */
      const from = next.kind === "wide" ? [176, frame.y + frame.height - gap / 2] : undefined;
      line = winding({ box: frame, gap, laps, radius, upright, from });
      lamp.redraw();
    },
  };
}
