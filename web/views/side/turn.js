/**
 * One turn of the loop: the sampler's sum with its real factors and pictures, the channels, and the step's numbers.
 *
 * @import { Tools } from "../mounting.js"
 */

import { put } from "../../paint/canvas.js";
import { paintRamp, palette } from "../../paint/colour.js";
import { channelImage } from "../../paint/latent.js";
import { answerOf, askedTwice, atTheEnd, shownFrame, shownModel, shownRun } from "../../state/selectors.js";
import { timeOf } from "../../state/steps.js";
import { number, percent, rich, seconds, t } from "../../text/text.js";
import { fill, h, say } from "../dom.js";
import { sum } from "../sum.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {() => void} draws the panel
 */
export function mount(element, { store }, signal) {
  const sentence = h("p", { class: "lead loop" });
  const equation = h("div", { class: "sum" });
  const channels = h("div", { class: "channels" });
  const facts = Array.from({ length: 4 }, () => ({ name: h("dt"), value: h("dd") }));
  const list = h(
    "dl",
    { class: "facts" },
    facts.map(({ name, value }) => h("div", {}, name, value)),
  );
  element.append(h("h2", { class: "panel-title" }, t("turn.title")), sentence, equation, channels, list);

  const update = () => {
    const run = shownRun(store.state);
    const model = shownModel(store.state);
    const frame = shownFrame(store.state);
    if (!frame || !model || element.hidden) return;
    const end = atTheEnd(store.state);
    const says = String([answerOf(store.state), askedTwice(store.state), end]);
    if (sentence.dataset.says !== says) {
      sentence.dataset.says = says;
      const lit = {
        unet: rich(`loop.unet.${answerOf(store.state)}`),
        guidance: rich(askedTwice(store.state) ? "loop.guidance" : "loop.once"),
        sampler: rich("loop.sampler"),
        latent: rich(end ? "loop.last" : "loop.latent"),
      };
      fill(
        sentence,
        Object.entries(lit).flatMap(([lights, words]) => [h("span", { "data-lights": lights }, words), " "]),
      );
    }
    sum(equation, store.state);
    paintChannels(channels, frame.latentIn, model.latent);
    const lasting = ["running", "paused"].includes(run.status) && run.source === "live";
    const took = run.frames.reduce((all, one) => all + timeOf(one), 0);
    const left = Math.max(0, run.steps - run.frames.length) * run.msPerStep;
    // Unless the schedule says that its last step goes to an abar of 1, a little noise may stay.
    const gone = t(model.scheduler.set_alpha_to_one ? "fact.noise.none" : "fact.noise.trace");
    const said = [
      [t("fact.timestep"), number(frame.timestep)],
      end ? [t("fact.noise.left"), gone] : [t("fact.noise"), percent(frame.noiseShare)],
      [t("fact.unet"), t("fact.ms", { ms: number(frame.ms.unet) })],
      lasting ? [t("fact.left"), seconds(left)] : [t("fact.took"), seconds(took)],
    ];
    for (const [index, [name, value]] of said.entries()) {
      say(facts[index].name, name);
      say(facts[index].value, value);
    }
  };
  store.subscribe(
    ({ runs, view, model }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      view.step,
      view.worn,
      view.word,
      model,
    ],
    update,
    signal,
  );
  return update;
}

/** The latent and the ramp that are painted from each first canvas on.
 * @type {WeakMap<HTMLCanvasElement, [Float32Array, Uint8ClampedArray]>} */
const painted = new WeakMap();

/**
 * @param {HTMLElement} element
 * @param {Float32Array} values
 * @param {import("../../types").Manifest["latent"]} shape
 */
export function paintChannels(element, values, shape) {
  const [low, high] = shape.range;
  const scale = [shape.channels, low, high].join(" ");
  if (element.dataset.scale !== scale) {
    element.dataset.scale = scale;
    const tiles = Array.from({ length: shape.channels }, (_, c) =>
      h(
        "figure",
        {},
        h("figcaption", {}, t("channel", { channel: c + 1 })),
        h("canvas", { role: "img", "aria-label": t("channel.name", { channel: c + 1 }) }),
      ),
    );
    const legend = h(
      "div",
      { class: "scale" },
      h("span", {}, t("channels")),
      h("canvas", { class: "ramp", "aria-hidden": "true" }),
      h(
        "div",
        { class: "num" },
        h("span", {}, number(low, 1)),
        h("span", {}, "0"),
        h("span", {}, number(high, 1)),
      ),
    );
    fill(element, tiles, legend);
  }
  const { signed } = palette();
  const canvases = element.querySelectorAll("canvas");
  const before = painted.get(canvases[0]);
  if (before?.[0] === values && before[1] === signed) return;
  painted.set(canvases[0], [values, signed]);
  for (let c = 0; c < shape.channels; c++) put(canvases[c], channelImage(values, c, shape, signed));
  paintRamp(canvases[shape.channels], signed);
}
