/**
 * While the engine starts: what is on its way, how much of it is here, and that a recorded run is on show meanwhile.
 *
 * @import { Store } from "../../state/store.js"
 * @import { Tools } from "../mounting.js"
 */

import { inUnits } from "../../paint/canvas.js";
import { straight, trace } from "../../paint/line.js";
import { shownRun } from "../../state/selectors.js";
import { duration, has, list, rich, size, t } from "../../text/text.js";
import { fill, h, icon, say, set } from "../dom.js";

const LARGE = 100e6; // bytes that take longer than a few seconds
const SHORT = 3; // seconds left that nobody needs to be told of
const STAGES = /** @type {const} */ (["downloading", "booting", "preparing", "probing"]);

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {() => void} draws the panel
 */
export function mount(element, { store, send }, signal) {
  const title = h("h2", { class: "panel-title" });
  const lead = h("p", { class: "lead" });
  const list = h("ul", { class: "loading" });
  const bar = h("canvas", {
    class: "bar",
    role: "progressbar",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-label": t("loading.bar"),
  });
  const note = h("p", { class: "sentence" });
  const offers = h("div", { class: "offers" });
  element.append(title, lead, list, bar, note, offers);
  send.recordings().then((runs) => {
    if (runs.length < 2 || signal.aborted) return;
    const cards = runs.map((run) =>
      h("button", { class: "button small word-like", click: () => send.watch(run) }, run.settings.prompt),
    );
    offers.append(h("h3", {}, t("loading.offers")), h("div", { class: "choices" }, cards));
  });

  const update = () => {
    const { engine } = store.state;
    const run = shownRun(store.state);
    const recorded = run.source === "recorded" && run.frames.length > 0;
    const idle = ["asking", "failed", "ready"].includes(engine.status);
    const state = idle ? engine.status : recorded ? "recorded" : "starting";
    say(title, t(`loading.${state}.title`));
    const large = !idle && engine.total >= LARGE;
    fill(lead, rich(large ? "loading.large" : `loading.${state}`));
    list.hidden = idle;
    bar.hidden = idle || engine.total === 0;
    const now = STAGES.indexOf(/** @type {typeof STAGES[number]} */ (engine.status));
    if (!list.hidden) {
      fill(
        list,
        STAGES.map((stage, index) => {
          const detail = index === now ? stageDetail(engine) : "";
          // Python starts beside the download, which may be the one or the other that ends first.
          const here = engine.total > 0 && engine.bytes >= engine.total;
          const done = index < now && (stage !== "downloading" || here);
          return h(
            "li",
            { "aria-current": index === now ? "step" : false },
            icon(done ? "check" : index === now ? "now" : "wait"),
            h("span", {}, t(`loading.stage.${stage}`)),
            h("span", { class: "num" }, detail),
          );
        }),
      );
    }
    const share = engine.total ? Math.min(1, engine.bytes / engine.total) : 0;
    set(bar, "aria-valuenow", Math.round(share * 100));
    if (!bar.hidden) requestAnimationFrame(() => signal.aborted || draw(bar, share));
    const why = engine.note && t(`note.${engine.note.reason}`, engine.note.values);
    fill(note, why ? [icon("note"), h("span", {}, why)] : []);
  };
  store.subscribe(
    ({ engine, runs, view }) => [
      engine,
      shownRun({ runs }).source,
      shownRun({ runs }).frames.length > 0,
      view.theme,
    ],
    update,
    signal,
  );
  update();
  return update;
}

/** @param {Store["state"]["engine"]} engine */
function stageDetail(engine) {
  if (engine.status === "downloading" && engine.total) {
    const here = t("loading.bytes", { here: size(engine.bytes), all: size(engine.total) });
    if (!engine.rate || engine.remaining === null || engine.remaining < SHORT) return here;
    const rate = t("loading.rate", { rate: size(engine.rate), left: duration(engine.remaining) });
    return list([here, rate], "unit");
  }
  return engine.stage && has(`loading.part.${engine.stage}`)
    ? t(`loading.part.${engine.stage}`)
    : engine.stage;
}

/**
 * What is here is a solid line, what is not is static, and the lamp is between them.
 * @param {HTMLCanvasElement} canvas
 * @param {number} share
 */
function draw(canvas, share) {
  const style = getComputedStyle(canvas);
  const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const width = canvas.clientWidth / unit;
  if (width === 0) return;
  const context = inUnits(canvas, width, 24, unit);
  const line = straight(width, 12, (x) => x / width);
  context.lineJoin = "round";
  const stroke = (/** @type {string} */ ink, /** @type {number} */ thick) => {
    context.strokeStyle = style.getPropertyValue(ink);
    context.lineWidth = thick;
    context.stroke();
  };
  context.beginPath();
  trace(context, line, share, 1, () => 3.4);
  stroke("--line", 1.2);
  context.beginPath();
  trace(context, line, 0, share);
  stroke("--ink", 4);
  context.beginPath();
  context.arc(Math.max(8, Math.min(width - 8, share * width)), 12, 7, 0, 7);
  context.fillStyle = style.getPropertyValue("--now");
  context.fill();
  stroke("--now-edge", 2);
}
