/**
 * While the engine starts: what is on its way, how much of it is here, and that a recorded run is on show meanwhile.
 *
 * @import { Store } from "../../state/store.js"
 * @import { Tools } from "../mounting.js"
 */

import { inUnits } from "../../paint/canvas.js";
import { straight, trace } from "../../paint/line.js";
import { shownRun } from "../../state/selectors.js";
import { duration, list, rich, size, t } from "../../text/text.js";
import { fill, h, icon, say, set } from "../dom.js";

const LARGE = 100e6; // bytes that take longer than a few seconds
const SHORT = 3; // seconds left that nobody needs to be told of
const STAGES = /** @type {const} */ (["downloading", "booting", "probing", "preparing"]);

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
    const here = engine.total > 0 && engine.bytes >= engine.total;
    bar.hidden = idle || engine.total === 0 || here;
    if (!list.hidden) {
      fill(
        list,
        STAGES.map((stage) => {
          const mark = standing(stage, engine);
          return h(
            "li",
            { "aria-current": mark === "now" ? "step" : false },
            icon(mark),
            h("span", {}, t(`loading.stage.${stage}`)),
            h("span", { class: "num" }, mark === "now" ? stageDetail(stage, engine) : ""),
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
      view.worn,
    ],
    update,
    signal,
  );
  update();
  return update;
}

/**
 * Python starts beside the download, and either may end first.
 *
 * @param {typeof STAGES[number]} stage
 * @param {Store["state"]["engine"]} engine
 * @returns {"check" | "now" | "wait"} whether it is done, goes on or waits
 */
function standing(stage, { status, bytes, total }) {
  const index = STAGES.indexOf(stage);
  const now = STAGES.indexOf(/** @type {typeof STAGES[number]} */ (status));
  if (stage === "downloading" && total > 0) return bytes >= total ? "check" : "now";
  if (index === now || (stage === "booting" && status === "downloading")) return "now";
  return index < now && stage !== "downloading" ? "check" : "wait";
}

/**
 * @param {typeof STAGES[number]} stage
 * @param {Store["state"]["engine"]} engine
 */
function stageDetail(stage, engine) {
  if (stage === "booting") return t("loading.starts");
  if (stage !== "downloading" || engine.total === 0) return "";
  const here = t("loading.bytes", { here: size(engine.bytes), all: size(engine.total) });
  if (!engine.rate || engine.remaining === null || engine.remaining < SHORT) return here;
  const rate = t("loading.rate", { rate: size(engine.rate), left: duration(engine.remaining) });
  return list([here, rate], "unit");
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
