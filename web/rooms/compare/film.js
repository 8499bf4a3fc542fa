/**
 * The steps of both runs, each pair over one another, and the one control that moves both.
 *
 * @import { Frame, Run } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { clear, put, thumbnail } from "../../paint/canvas.js";
import { besideRun, busy, shownCompared, shownFrame, shownRun, shownSteps } from "../../state/selectors.js";
import { stepsInSight } from "../../state/steps.js";
import { t } from "../../text/text.js";
import { fill, h, icon, say, set } from "../../views/dom.js";
import { playOrHold } from "../../views/keys.js";
import { progress } from "../../views/progress.js";
import { pictureOf } from "./sides.js";

const MOST = 12; // pairs that find room beside each other

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  const go = (/** @type {string} */ name, /** @type {"back" | "next"} */ sign, /** @type {number} */ by) =>
    h("button", { class: "tool", "aria-label": name, click: () => send.move(by) }, icon(sign));
  const play = h("button", { class: "play", click: () => playOrHold(store, send) });
  const line = h("div", { class: "transport-title" });
  const detail = h("div", { class: "quiet" });
  const list = h("ol", { class: "pairs" });
  const scrub = h("input", {
    type: "range",
    class: "scrub",
    min: 1,
    step: 1,
    "aria-label": t("compare.scrub"),
    input: () => send.show(Number(scrub.value)),
  });
  element.append(
    h(
      "div",
      { class: "transport" },
      h(
        "div",
        { class: "transport-buttons" },
        go(t("strip.back"), "back", -1),
        play,
        go(t("strip.next"), "next", 1),
      ),
      h("div", {}, line, detail),
    ),
    h("div", { class: "reel" }, list, scrub),
  );

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
      paint(ofA, run, run.frames[step - 1], "a");
      paint(ofB, beside, beside?.frames[(paired?.b ?? 0) - 1], "b");
      const current = here?.step === step;
      set(item, "aria-current", current ? "step" : false);
      set(cover, "aria-label", t("compare.show", { step }));
      cover.disabled = !run.frames[step - 1];
      cover.tabIndex = current ? 0 : -1; // the arrows go from step to step
      say(number, step);
    }
    reveal();
    scrub.max = String(Math.max(1, run.frames.length));
    scrub.value = String(here?.step ?? 1);
    scrub.disabled = run.frames.length < 2;
    const steps = shownSteps(store.state);
    set(scrub, "aria-valuetext", here ? t("progress.step", { step: here.step, steps }) : t("progress.none"));
    const { line: words, detail: more } = progress(store.state);
    say(line, words);
    say(detail, more);
    const { view } = store.state;
    const goes =
      run.status === "running" && view.step === null && (busy(store.state) || run.source === "recorded");
    const playing = view.playing || goes;
    if (play.dataset.playing === String(playing)) return;
    play.dataset.playing = String(playing);
    fill(play, icon(playing ? "pause" : "play"));
    set(play, "aria-label", t(playing ? "strip.hold" : "strip.play"));
  };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Run | null} run
   * @param {Frame | undefined} frame
   * @param {"a" | "b"} letter
   */
  const paint = (canvas, run, frame, letter) => {
    set(canvas, "role", frame ? "img" : false);
    set(canvas, "aria-hidden", frame ? false : "true");
    if (!run || !frame) {
      set(canvas, "aria-label", false);
      return clear(canvas);
    }
    const { step, steps } = frame;
    set(canvas, "aria-label", t("compare.step.name", { step, steps, name: t(`compare.${letter}`) }));
    put(canvas, thumbnail(pictureOf(run, frame)));
  };

  /** Bring the current pair into the list's sight without moving the page. */
  const reveal = () => {
    const item = [...list.children].find((one) => one.ariaCurrent);
    if (!(item instanceof HTMLElement) || list.scrollWidth <= list.clientWidth) return;
    const left = item.offsetLeft - list.offsetLeft;
    if (left < list.scrollLeft || left + item.offsetWidth > list.scrollLeft + list.clientWidth)
      list.scrollTo({ left: left - list.clientWidth / 2 + item.offsetWidth / 2 });
  };

  store.subscribe(
    ({ runs, view, settings }) => [
      shownRun({ runs }),
      besideRun({ runs }),
      runs.compared,
      view.step,
      view.playing,
      settings.steps,
    ],
    update,
    signal,
  );
  update();
}
