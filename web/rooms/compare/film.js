/**
 * The steps of both runs, each pair over one another, and the one control that moves both.
 *
 * @import { Frame, Run } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { clear } from "../../paint/canvas.js";
import { paintSight } from "../../paint/lens.js";
import { sightOf } from "../../state/lenses.js";
import { besideRun, shownCompared, shownFrame, shownRun, shownSteps } from "../../state/selectors.js";
import { numbered, stepsInSight } from "../../state/steps.js";
import { t } from "../../text/text.js";
import { fill, h, say, set } from "../../views/dom.js";
import { lensSwitch } from "../../views/lenses.js";
import { transport } from "../../views/strip/transport.js";
import { aspects } from "./sides.js";

const MOST = 12; // pairs that find room beside each other

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  const { buttons, status } = transport(tools, signal);
  const { choice } = lensSwitch(tools, signal);
  const list = h("ol", { class: "pairs" });
  const scrub = h("input", {
    type: "range",
    min: 1,
    step: 1,
    "aria-label": t("compare.scrub"),
    input: () => send.show(Number(scrub.value)),
  });
  element.append(buttons, choice, status, h("div", { class: "reel" }, list, scrub));

  /** The first run's step of each pair in sight. @type {number[]} */
  let sight = [];

  const build = () => {
    sight = stepsInSight(shownSteps(store.state), shownFrame(store.state)?.step ?? 0, MOST);
    if (list.childElementCount === sight.length) return;
    const pair = (/** @type {number} */ _, /** @type {number} */ place) =>
      h(
        "li",
        { class: "pair" },
        h("canvas", { class: "soft" }),
        h("canvas", { class: "soft" }),
        h("b", { "aria-hidden": "true" }),
        h("button", { class: "cover", click: () => send.show(sight[place]) }),
      );
    fill(list, sight.map(pair));
  };

  const update = () => {
    build();
    const run = shownRun(store.state);
    const beside = besideRun(store.state);
    const here = shownFrame(store.state);
    const pairs = shownCompared(store.state)?.pairs ?? [];
    for (const [place, item] of [...list.children].entries()) {
      const [ofA, ofB, number, cover] =
        /** @type {[HTMLCanvasElement, HTMLCanvasElement, Element, HTMLButtonElement]} */ (
          /** @type {unknown} */ (item.children)
        );
      const step = sight[place];
      const paired = pairs.find(({ a }) => a === step);
      paint(ofA, run, run.frames[step - 1], t("compare.a"));
      paint(ofB, beside, beside?.frames[(paired?.b ?? 0) - 1], t("compare.b"));
      const current = here?.step === step;
      set(item, "aria-current", current ? "step" : false);
      set(cover, "aria-label", t("compare.show", { step: step + run.skipped }));
      cover.disabled = !run.frames[step - 1];
      cover.tabIndex = current ? 0 : -1; // the arrows go from step to step
      say(number, step + run.skipped);
    }
    reveal();
    scrub.max = String(Math.max(1, run.frames.length));
    scrub.value = String(here?.step ?? 1);
    scrub.disabled = run.frames.length < 2;
    const at = numbered(run, { step: here?.step ?? 1, steps: shownSteps(store.state) });
    set(scrub, "aria-valuetext", here ? t("progress.step", at) : t("progress.none"));
  };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Run | null} run
   * @param {Frame | undefined} frame
   * @param {string} name the run's letter
   */
  const paint = (canvas, run, frame, name) => {
    set(canvas, "role", frame ? "img" : false);
    set(canvas, "aria-hidden", frame ? false : "true");
    const { step, steps } = run && frame ? numbered(run, frame) : { step: 0, steps: 0 };
    set(canvas, "aria-label", frame && t("compare.step.name", { step, steps, name }));
    if (run && frame) paintSight(canvas, sightOf(run, frame, store.state.view));
    else clear(canvas);
  };

  /** Bring the current pair into the list's sight without moving the page. */
  const reveal = () => {
    const item = [...list.children].find((one) => one.hasAttribute("aria-current"));
    if (!(item instanceof HTMLElement) || list.scrollWidth <= list.clientWidth) return;
    const left = item.offsetLeft - list.offsetLeft;
    if (left < list.scrollLeft || left + item.offsetWidth > list.scrollLeft + list.clientWidth)
      list.scrollTo({ left: left - list.clientWidth / 2 + item.offsetWidth / 2 });
  };

  store.subscribe(
    ({ runs, view, settings }) => [
      ...aspects(shownRun({ runs })),
      ...aspects(besideRun({ runs })),
      runs.compared,
      view,
      settings.steps,
    ],
    update,
    signal,
  );
  update();
}
