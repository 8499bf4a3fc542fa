/**
 * One turn of the loop: the sampler's sum with its real factors and pictures, the channels, and the step's numbers.
 *
 * @import { Store } from "../../store.js"
 */

import { put } from "../../paint/canvas.js";
import { paintRamp, palette } from "../../paint/colour.js";
import { channelImage } from "../../paint/latent.js";
import { fill, h, say, watch } from "../dom.js";
import { askedTwice, shownFrame, shownModel } from "../shown.js";
import { sum } from "../sum.js";
import { number, percent, rich, seconds, t } from "../text.js";

/**
 * @param {HTMLElement} element
 * @param {Store} store
 */
export function mount(element, store) {
  const sentence = h("p", { class: "lead loop" });
  const equation = h("div", { class: "sum" });
  const channels = h("div", { class: "channels" });
  const facts = {
    timestep: h("dd"),
    noise: h("dd"),
    unet: h("dd"),
    left: h("dd"),
  };
  const list = h(
    "dl",
    { class: "facts" },
    Object.entries(facts).map(([name, value]) => h("div", {}, h("dt", {}, t(`fact.${name}`)), value)),
  );
  element.append(h("h2", {}, t("turn.title")), sentence, equation, channels, list);

  const update = () => {
    const { run } = store.state;
    const model = shownModel(store.state);
    const frame = shownFrame(store.state);
    if (!frame || !model || element.hidden) return;
    const asked = askedTwice(store.state) ? "guidance" : "once";
    if (sentence.dataset.asked !== asked) {
      sentence.dataset.asked = asked;
      fill(
        sentence,
        ["unet", "guidance", "sampler", "latent"].flatMap((station) => [
          h("span", { "data-lights": station }, rich(`loop.${station === "guidance" ? asked : station}`)),
          " ",
        ]),
      );
    }
    sum(equation, store.state);
    paintChannels(channels, frame.latentIn, model.latent);
    say(facts.timestep, number(frame.timestep));
    say(facts.noise, percent(frame.noiseShare));
    say(facts.unet, t("fact.ms", { ms: number(frame.ms.unet) }));
    const left = Math.max(0, run.steps - run.frames.length) * run.msPerStep;
    const lasting = ["running", "paused"].includes(run.status) && run.source === "live";
    say(facts.left, lasting ? seconds(left) : "0 s");
  };
  watch(
    store,
    ({ run, view, model }) => [run.frames, run.status, view.step, view.theme, view.word, model],
    update,
  );
  new MutationObserver(update).observe(element, { attributeFilter: ["hidden"] });
  update();
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
