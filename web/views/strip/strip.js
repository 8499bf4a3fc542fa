/**
 * The film strip: every step's picture, or of a long run every k-th; the line unrolled under them as a timeline; and the
 * transport.
 *
 * @import { Tools } from "../mounting.js"
 */
import { enlarge, extent, stain } from "../../paint/attention.js";
import { clear, inUnits, put, thumbnail } from "../../paint/canvas.js";
import { palette } from "../../paint/colour.js";
import { pointAt, straight, trace } from "../../paint/line.js";
import { busy, mapOf, shownFrame, shownRun, shownSkipped, shownSteps } from "../../state/selectors.js";
import { numbered, stepsInSight } from "../../state/steps.js";
import { percent, t } from "../../text/text.js";
import { fill, h, icon, say, set, sized } from "../dom.js";
import { playOrHold } from "../keys.js";
import { progress } from "../progress.js";

const MOST = 12; // pictures that find room beside each other
const ROOMY = 10; // pictures that leave room for words beside their numbers

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  set(element, "aria-label", t("strip.label"));
  const play = h("button", { class: "play", click: () => playOrHold(store, send) });
  const line = h("div", { class: "transport-title" });
  const detail = h("div", { class: "quiet" });
  const transport = h(
    "div",
    { class: "transport" },
    h(
      "div",
      { class: "transport-buttons" },
      h(
        "button",
        { class: "tool", "aria-label": t("strip.first"), click: () => send.show(1) },
        icon("first"),
      ),
      h("button", { class: "tool", "aria-label": t("strip.back"), click: () => send.move(-1) }, icon("back")),
      play,
      h("button", { class: "tool", "aria-label": t("strip.next"), click: () => send.move(1) }, icon("next")),
    ),
    h("div", { class: "transport-status" }, line, detail),
  );
  const list = h("ol", { class: "frames" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const handle = h("span", { class: "lamp-mark handle", "aria-hidden": "true" });
  const track = h(
    "div",
    { class: "track", role: "slider", tabindex: 0, "aria-label": t("strip.timeline") },
    canvas,
    handle,
  );
  const reel = h("div", { class: "reel" }, list, track);
  element.append(transport, reel);

  /** Which picture, stain and theme each canvas holds. @type {WeakMap<HTMLCanvasElement, string>} */
  const painted = new WeakMap();

  /** The step of each picture in the strip. @type {number[]} */
  let sight = [];

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
  };

  const update = () => {
    build();
    const { view } = store.state;
    const run = shownRun(store.state);
    const here = shownFrame(store.state);
    const taken = shownSteps(store.state);
    const skipped = shownSkipped(store.state);
    const range = extent(...(view.word === null ? [] : run.frames.map(wordMap)));
    for (const [k, item] of [...list.children].entries()) {
      const frame = run.frames[sight[k] - 1];
      const finished = run.status === "finished" && sight[k] === taken;
      const { step, steps } = numbered({ skipped }, { step: sight[k], steps: taken });
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
      const noise = frame ? percent(frame.noiseShare) : "";
      const name = t(finished ? "strip.frame.finished" : "strip.frame", { step, steps, noise });
      set(picture, "aria-label", frame && name);
      say(/** @type {Element} */ (facts.firstElementChild), step);
      say(/** @type {Element} */ (facts.lastElementChild), finished ? t("strip.finished") : noise);
      if (frame) paint(picture, frame, range, finished ? run.picture : null);
      // What an earlier run left here is not this run's.
      else if (painted.delete(picture)) clear(picture);
    }
    const current = list.querySelector("[aria-current]");
    if (here && current && list.scrollWidth > list.clientWidth) reveal(/** @type {HTMLElement} */ (current));
    const { line: words, detail: more } = progress(store.state);
    say(line, words);
    say(detail, more);
    const playing =
      view.playing ||
      (busy(store.state) && view.step === null && run.status === "running") ||
      (run.source === "recorded" && run.status === "running" && view.step === null);
    if (play.dataset.playing !== String(playing)) {
      play.dataset.playing = String(playing);
      fill(play, icon(playing ? "pause" : "play"));
      set(play, "aria-label", t(playing ? "strip.hold" : "strip.play"));
    }
    set(track, "aria-valuemin", skipped + 1);
    set(track, "aria-valuemax", skipped + Math.max(1, run.frames.length));
    set(track, "aria-valuenow", skipped + (here?.step ?? 1));
    const at = numbered({ skipped }, { step: here?.step ?? 1, steps: taken });
    set(track, "aria-valuetext", here ? t("progress.step", at) : t("progress.none"));
    draw();
  };

  /** @param {import("../../types").Frame} frame */
  const wordMap = (frame) => {
    const { word, mean } = store.state.view;
    return mapOf(frame, Math.min(word ?? 0, frame.words.length - 1), mean).map;
  };

  /**
   * @param {HTMLCanvasElement} picture
   * @param {import("../../types").Frame} frame
   * @param {{ low: number, high: number }} range of the word over all steps
   * @param {ImageData | null} finished
   */
  const paint = (picture, frame, range, finished) => {
    const { view } = store.state;
    const run = shownRun(store.state);
    const stained = view.word !== null && view.stain && frame.words[view.word];
    const key = [
      run.started,
      frame.step,
      frame.drawnBy,
      Boolean(finished),
      stained ? [view.word, view.mean, range.low, range.high, document.documentElement.dataset.theme] : "",
    ].join();
    if (painted.get(picture) === key) return;
    painted.set(picture, key);
    const image = thumbnail(finished ?? frame.preview);
    if (!stained || view.word === null) return put(picture, image);
    const { map, side } = mapOf(frame, view.word, view.mean);
    put(picture, stain(image, enlarge(map, side, image.width), range, palette()));
  };

  /** Bring the current picture into the list's sight without moving the page. @param {HTMLElement} item */
  const reveal = (item) => {
    const left = item.offsetLeft - list.offsetLeft;
    if (left < list.scrollLeft || left + item.offsetWidth > list.scrollLeft + list.clientWidth) {
      list.scrollTo({ left: left - list.clientWidth / 2 + item.offsetWidth / 2 });
    }
  };

  const draw = () => {
    const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const width = track.clientWidth / unit;
    if (width === 0) return;
    const run = shownRun(store.state);
    const steps = shownSteps(store.state);
    const here = shownFrame(store.state)?.step ?? 0;
    const style = getComputedStyle(track);
    const context = inUnits(canvas, width, 30, unit);
    const at = (/** @type {number} */ x) => (x / width) * steps;
    const thread = straight(width, 15, at);
    const rough = (/** @type {number} */ step) =>
      6 * (run.frames[Math.min(run.frames.length - 1, Math.floor(step))]?.noiseShare ?? 1) ** 1.5;
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
    ({ runs, view, settings, start, engine }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      shownRun({ runs }).steps,
      shownRun({ runs }).skipped,
      shownRun({ runs }).source,
      shownRun({ runs }).msPerStep,
      view,
      settings.steps,
      start,
      engine.status,
      engine.bytes,
    ],
    update,
    signal,
  );
  sized(track, draw, signal);
  update();
}
