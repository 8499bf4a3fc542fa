/**
 * One of the two frames: its line in the run's own ink, wound as far as the step on show, and its picture on the mat; or
 * why there is none.
 *
 * @import { Letter } from "./sides.js"
 * @import { Frame, Run } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { inUnits } from "../../paint/canvas.js";
import { paintSight } from "../../paint/lens.js";
import { pointAt, trace, winding } from "../../paint/line.js";
import { causes } from "../../state/differences.js";
import { sightOf } from "../../state/lenses.js";
import { besideRun, finishedPicture, shownRun } from "../../state/selectors.js";
import { numbered } from "../../state/steps.js";
import { rich, t } from "../../text/text.js";
import { fill, h, icon, rem, set, sized, unitOf } from "../../views/dom.js";
import { aspects, frameOf, nameOf, runOf, written } from "./sides.js";

const POWER = 2.2; // as on the stage: the middle of a run stays legible
const MOST_LAPS = 20;
const BAND = { part: 0.13, most: 50 }; // how far the winding reaches in, of the frame's width and in units
const ROOMY = 240; // units from which on the mat is wide
const MARGIN = 8; // units by which the line may leave the frame, as in the style sheet
const AMPLITUDE = 0.064; // of the band, for one standard deviation of pure noise

/**
 * @param {Letter} letter
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function frame(letter, { store }, signal) {
  const line = h("canvas", { class: "winding", "aria-hidden": "true" });
  const lamp = h("div", { class: "lamp-mark", "aria-hidden": "true" });
  const picture = h("canvas", { role: "img" });
  const empty = h("p", { class: "empty" });
  const caption = h("figcaption", {});
  const mat = h("div", { class: "mat" }, picture, empty);
  const box = h("div", { class: "wound" }, line, lamp, mat);
  const element = h("figure", { class: `frame-of ${letter}` }, box, caption);

  /** What the line was drawn for. */
  let drawn = "";

  /** The line, as far as the step on show. */
  const wind = (/** @type {number} */ unit, /** @type {number} */ side, /** @type {number} */ band) => {
    const run = runOf(store.state, letter);
    const frames = run?.frames ?? [];
    const skipped = run?.skipped ?? 0;
    const steps = Math.max(1, (run?.steps ?? 1) + skipped);
    const here = (skipped + (frameOf(store.state, letter)?.step ?? 0)) / steps;
    const theme = document.documentElement.dataset.theme;
    const key = [here, steps, run?.id, frames.length, unit, side, theme].join();
    if (key === drawn) return;
    drawn = key;
    const laps = Math.min(MOST_LAPS, steps);
    const path = winding({
      box: { x: MARGIN, y: MARGIN, width: side, height: side },
      ...{ gap: band / laps, laps, radius: 0.3 * band, upright: true },
    });
    const roughness = (/** @type {number} */ lap) => {
      const at = Math.min(frames.length - 1, Math.max(0, Math.floor((lap * steps) / laps) - skipped));
      return AMPLITUDE * band * (frames[at]?.noiseShare ?? 1) ** POWER;
    };
    const context = inUnits(line, side + 2 * MARGIN, side + 2 * MARGIN, unit);
    const style = getComputedStyle(element);
    context.lineJoin = "round";
    for (const [from, to, ink, rough] of /** @type {const} */ ([
      [here * laps, laps, "--coil-next", false],
      [(skipped * laps) / steps, here * laps, "--run", true],
    ])) {
      context.beginPath();
      trace(context, path, from, to, rough ? roughness : undefined);
      context.strokeStyle = style.getPropertyValue(ink);
      context.lineWidth = rough ? 1.15 : 1;
      context.stroke();
    }
    const { x, y, angle } = pointAt(path, here * laps);
    lamp.hidden = here === skipped / steps || here === 1;
    lamp.style.transform = `translate(${(x - MARGIN) * unit}px, ${(y - MARGIN) * unit}px) rotate(${angle}deg)`;
  };

  const draw = () => {
    const unit = unitOf();
    const side = box.clientWidth / unit;
    if (side === 0) return;
    const band = Math.min(BAND.most, BAND.part * side);
    const inset = band + (side < ROOMY ? 4 : 12);
    mat.style.inset = rem(band);
    mat.style.padding = rem(inset - band);
    wind(unit, side, band);
    const run = runOf(store.state, letter);
    const here = frameOf(store.state, letter);
    picture.hidden = !run || !here;
    empty.hidden = !picture.hidden;
    if (run && here) paintSight(picture, sightOf(run, here, store.state.view), (side - 2 * inset) * unit);
  };

  const tell = () => {
    const run = runOf(store.state, letter);
    const here = frameOf(store.state, letter);
    const name = t(`compare.${letter}`);
    if (run && here) {
      const prompt = run.settings?.prompt.trim() || t("prompt.none");
      const { step, steps } = numbered(run, here);
      const finished = finishedPicture(run, here);
      set(
        picture,
        "aria-label",
        finished
          ? t("compare.finished.name", { prompt, name })
          : t("compare.step.name", { step, steps, name }),
      );
    } else fill(empty, why());
    fill(
      caption,
      h("i", { class: "letter" }, name),
      run && here && h("span", {}, stand(run, here)),
      run?.source === "recorded" && h("span", {}, t("picture.recorded")),
      facts(),
      here && run?.error && h("span", { class: "sentence bad" }, icon("stop"), h("span", {}, trouble())),
    );
    draw();
  };

  /** @param {Run} run @param {Frame} here */
  const stand = (run, here) => {
    const at = numbered(run, here);
    return finishedPicture(run, here)
      ? rich("picture.finished", { count: here.steps })
      : rich("compare.step", at);
  };

  /** What this run has otherwise than the other, the words aside: these are marked where they stand. */
  const facts = () => {
    const [a, b] = [shownRun(store.state).settings, besideRun(store.state)?.settings];
    const mine = runOf(store.state, letter)?.settings;
    if (!a || !b || !mine) return [];
    return causes(a, b)
      .filter((cause) => cause !== "prompt")
      .map((cause) => h("span", { class: "fact" }, `${nameOf(cause)} `, h("b", {}, written(cause, mine))));
  };

  const trouble = () => {
    const error = runOf(store.state, letter)?.error;
    return error ? t(`refusal.${error.reason}`, error.values) : "";
  };

  /** What stands in the place of a picture. */
  const why = () => {
    const run = runOf(store.state, letter);
    // One sentence does for both.
    const said = letter === "a" && besideRun(store.state)?.error;
    if (run?.error && !said)
      return [h("span", { class: "sentence bad", role: "alert" }, icon("stop"), h("span", {}, trouble()))];
    if (!run || run.status === "idle") return [t(letter === "a" ? "picture.none" : "compare.change")];
    return [t(run.status === "waiting" || run.status === "running" ? "compare.soon" : "progress.refused")];
  };

  store.subscribe(
    ({ runs, view }) => [
      ...aspects(shownRun({ runs })),
      ...aspects(besideRun({ runs })),
      runs.compared,
      view,
    ],
    tell,
    signal,
  );
  sized(box, draw, signal);
  tell();
  return element;
}
