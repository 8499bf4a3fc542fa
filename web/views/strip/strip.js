/**
 * The film strip: every step's picture, or of a long run every k-th, through the chosen lens; the line unrolled under them
 * as a timeline; and the transport.
 *
 * @import { Frame, Run } from "../../types"
 * @import { Tools } from "../mounting.js"
 */
import { extent } from "../../paint/attention.js";
import { clear, inUnits } from "../../paint/canvas.js";
import { paintSight } from "../../paint/lens.js";
import { pointAt, straight, trace } from "../../paint/line.js";
import { frameBefore, lensOf, shownLens, sightOf } from "../../state/lenses.js";
import {
  finishedPicture,
  mapOf,
  shownFrame,
  shownRun,
  shownSkipped,
  shownSteps,
} from "../../state/selectors.js";
import { noiseAt, numbered, stepsInSight } from "../../state/steps.js";
import { percent, t } from "../../text/text.js";
import { fill, h, say, set, sized } from "../dom.js";
import { lensSwitch } from "../lenses.js";
import { onward } from "./onward.js";
import { transport } from "./transport.js";

const MOST = 12; // pictures that find room beside each other
const ROOMY = 10; // pictures that leave room for words beside their numbers

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  set(element, "aria-label", t("strip.label"));
  const { buttons, status } = transport(tools, signal);
  const { choice, sentence } = lensSwitch(tools, signal);
  const list = h("ol", { class: "frames" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const handle = h("span", { class: "lamp-mark handle", "aria-hidden": "true" });
  const track = h(
    "div",
    { class: "track", role: "slider", tabindex: 0, "aria-label": t("strip.timeline") },
    canvas,
    handle,
  );
  element.append(
    buttons,
    choice,
    status,
    onward(tools, signal),
    h("div", { class: "reel" }, sentence, list, track),
  );

  /** What each canvas holds of attention, which is not kept as a picture. @type {WeakMap<HTMLCanvasElement, string>} */
  const stained = new WeakMap();

  /** The step of each picture in the strip. @type {number[]} */
  let sight = [];

  // Reading a size after a change makes the browser lay out the whole page, so they are read when they change alone.
  let unit = 1;
  /** Units that the timeline is wide. */
  let width = 0;
  /** Whether there are more pictures than find room. */
  let overflows = false;
  const measure = () => {
    unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    width = track.clientWidth / unit;
    overflows = list.scrollWidth > list.clientWidth;
  };

  const build = () => {
    sight = stepsInSight(shownSteps(store.state), shownFrame(store.state)?.step ?? 0, MOST);
    if (list.childElementCount === sight.length) return;
    fill(
      list,
      sight.map((_, k) =>
        h(
          "li",
          { class: "frame" },
          h("canvas", { class: "soft" }),
          h(
            "span",
            { class: "frame-facts", "aria-hidden": "true" },
            h("b"),
            k === 0 && h("small", {}, t("strip.noise")),
            h("span"),
          ),
          h("button", { class: "cover", click: () => send.show(sight[k]) }),
        ),
      ),
    );
    set(list, "data-many", sight.length > ROOMY);
    measure();
  };

  const update = () => {
    build();
    const run = shownRun(store.state);
    const here = shownFrame(store.state);
    const taken = shownSteps(store.state);
    const skipped = shownSkipped(store.state);
    const attentive = shownLens(store.state) === "attention";
    const range = attentive ? extent(...run.frames.map(wordMap)) : undefined;
    for (const [k, item] of [...list.children].entries()) {
      const frame = run.frames[sight[k] - 1];
      const finished = run.status === "finished" && sight[k] === taken;
      const step = sight[k] + skipped;
      const [picture, facts, button] = /** @type {[HTMLCanvasElement, HTMLElement, HTMLButtonElement]} */ (
        /** @type {unknown} */ (item.children)
      );
      const current = frame !== undefined && frame === here;
      set(item, "data-todo", !frame);
      set(item, "aria-current", current ? "step" : false);
      set(button, "aria-label", t("strip.show", { step }));
      button.disabled = !frame;
      // One stop for the tab key; the arrows go from step to step.
      button.tabIndex = current ? 0 : -1;
      // A picture that is not there yet is none to a screen reader either.
      set(picture, "role", frame ? "img" : false);
      set(picture, "aria-hidden", frame ? false : "true");
      if (frame) {
        set(picture, "aria-label", nameOf(run, frame));
        paint(picture, run, frame, range);
      } else {
        set(picture, "aria-label", false);
        stained.delete(picture);
        clear(picture); // what an earlier run left here is not this run's
      }
      say(/** @type {Element} */ (facts.firstElementChild), step);
      const left = finished ? t("strip.finished") : frame && percent(frame.noiseLeft);
      say(/** @type {Element} */ (facts.lastElementChild), left ?? "");
    }
    const current = list.querySelector("[aria-current]");
    if (here && current && overflows) reveal(/** @type {HTMLElement} */ (current));
    set(track, "aria-valuemin", skipped + 1);
    set(track, "aria-valuemax", skipped + Math.max(1, run.frames.length));
    set(track, "aria-valuenow", skipped + (here?.step ?? 1));
    const at = numbered({ skipped }, { step: here?.step ?? 1, steps: taken });
    set(track, "aria-valuetext", here ? t("progress.step", at) : t("progress.none"));
    draw();
  };

  /** @param {Frame} frame */
  const wordMap = (frame) => {
    const { word, mean } = store.state.view;
    return mapOf(frame, Math.min(word ?? 0, frame.words.length - 1), mean).map;
  };

  /** @param {Run} run @param {Frame} frame @returns {string} what its picture shows */
  const nameOf = (run, frame) => {
    const { words } = frame;
    const { step, steps } = numbered(run, frame);
    const { view } = store.state;
    const lens = lensOf(view, frame);
    const earlier = frameBefore(run, frame);
    const before = earlier && numbered(run, earlier).step;
    if (lens === "changed")
      return t(before ? "strip.frame.changed" : "strip.frame.first", { step, steps, before: before ?? 0 });
    if (lens === "attention")
      return t("strip.frame.attention", { step, steps, word: words[view.word ?? 0].text });
    if (finishedPicture(run, frame)) return t("strip.frame.finished", { step, steps });
    return t(`strip.frame.${lens}`, { step, steps, noise: percent(frame.noiseLeft) });
  };

  /**
   * @param {HTMLCanvasElement} picture
   * @param {Run} run
   * @param {Frame} frame
   * @param {{ low: number, high: number }} [range] of the word over all steps
   */
  const paint = (picture, run, frame, range) => {
    const { view } = store.state;
    const { theme } = document.documentElement.dataset;
    const finished = finishedPicture(run, frame);
    const key =
      range &&
      [
        run.started,
        frame.step,
        frame.drawnBy,
        !finished,
        view.word,
        view.mean,
        range.low,
        range.high,
        theme,
      ].join();
    if (key && stained.get(picture) === key) return;
    if (key) stained.set(picture, key);
    else stained.delete(picture);
    paintSight(picture, sightOf(run, frame, view, range));
  };

  /** Bring the current picture into the list's sight without moving the page. @param {HTMLElement} item */
  const reveal = (item) => {
    const left = item.offsetLeft - list.offsetLeft;
    if (left < list.scrollLeft || left + item.offsetWidth > list.scrollLeft + list.clientWidth) {
      list.scrollTo({ left: left - list.clientWidth / 2 + item.offsetWidth / 2 });
    }
  };

  const draw = () => {
    if (width === 0) return;
    const run = shownRun(store.state);
    const steps = shownSteps(store.state);
    const here = shownFrame(store.state)?.step ?? 0;
    const style = getComputedStyle(track);
    const context = inUnits(canvas, width, 30, unit);
    const at = (/** @type {number} */ x) => (x / width) * steps;
    const thread = straight(width, 15, at);
    const rough = (/** @type {number} */ step) => 6 * noiseAt(run.frames, step) ** 1.5;
    const end = here === steps ? steps : Math.max(0, here - 0.5);
    context.lineJoin = "round";
    for (const [from, to, ink, shake] of /** @type {const} */ ([
      [end, run.frames.length, "--line", rough],
      [run.frames.length, steps, "--coil-next", undefined],
      [0, end, "--coil", rough],
    ])) {
      context.beginPath();
      trace(context, thread, from, Math.min(to, steps), shake);
      context.strokeStyle = style.getPropertyValue(ink);
      context.lineWidth = 1.25;
      context.stroke();
    }
    const { x } = pointAt(thread, Math.max(0, here - 0.5));
    handle.hidden = here === 0;
    handle.style.transform = `translate(${x * unit}px, ${15 * unit}px)`;
  };

  /** @param {PointerEvent} event */
  const scrub = (event) => {
    const box = track.getBoundingClientRect();
    send.show(Math.ceil(((event.clientX - box.left) / box.width) * shownSteps(store.state)));
  };
  track.addEventListener("pointerdown", (event) => {
    track.setPointerCapture(event.pointerId);
    scrub(event);
  });
  track.addEventListener("pointermove", (event) => {
    if (track.hasPointerCapture(event.pointerId)) scrub(event);
  });
  /** @param {KeyboardEvent} event @returns {boolean} whether its key goes along the steps */
  const steer = (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 3, PageDown: -3 }[
      event.key
    ];
    if (by) send.move(by);
    else if (event.key === "Home") send.show(1);
    else if (event.key === "End") send.show(shownRun(store.state).frames.length);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  track.addEventListener("keydown", steer);
  list.addEventListener("keydown", (event) => {
    if (!steer(event)) return;
    update();
    /** @type {HTMLElement | null} */ (list.querySelector("[aria-current] .cover"))?.focus();
  });

  store.subscribe(
    ({ runs, view, settings, start }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      shownRun({ runs }).steps,
      shownRun({ runs }).skipped,
      shownRun({ runs }).picture,
      view,
      settings.steps,
      start,
    ],
    update,
    signal,
  );
  const fit = () => {
    measure();
    draw();
  };
  sized(track, fit, signal);
  sized(list, fit, signal);
  update();
}
