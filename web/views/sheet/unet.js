/**
 * Part 3: what the UNet gets and gives, at which sizes it listens to a word, and how long each call took.
 *
 * @import { Frame, Run, State } from "../../types"
 */
import { extent } from "../../paint/attention.js";
import { palette } from "../../paint/colour.js";
import { colourImage } from "../../paint/latent.js";
import { askedTwice, shownFrame, shownModel, shownRun } from "../../state/selectors.js";
import { numbered } from "../../state/steps.js";
import { number, t } from "../../text/text.js";
import { h, s } from "../dom.js";
import { figure, group, operator } from "./tiles.js";

/** @param {State} state */
export function unet(state) {
  const frame = shownFrame(state);
  const { view } = state;
  const run = shownRun(state);
  const model = shownModel(state);
  if (!frame || !model) return [];
  const shape = model.latent;
  const strongest = frame.words.reduce(
    (best, word, index, all) => (word.share > all[best].share ? index : best),
    0,
  );
  const word = frame.words[view.word ?? strongest];
  return [
    h(
      "div",
      { class: "groups" },
      group(
        t("unet.call"),
        figure(colourImage(frame.latentIn, shape), t("unet.in", { timestep: number(frame.timestep) })),
        operator("→"),
        figure(colourImage(frame.epsCond, shape), t("unet.with")),
        ...(askedTwice(state) ? [figure(colourImage(frame.epsUncond, shape), t("unet.without"))] : []),
      ),
      word
        ? group(
            t("unet.listens", { word: word.text }),
            ...model.attention.flatMap(({ side, layers }) => {
              const maps = frame.attention[String(side)];
              return maps
                ? [figure(heat(maps, word.tokens[0], side), t("unet.side", { side, count: layers }))]
                : [];
            }),
          )
        : "",
    ),
    times(run, frame),
  ];
}

/**
 * One slot's attention at one resolution, from its least to its most.
 * @param {Float32Array} maps `[T, side, side]`
 * @param {number} slot
 * @param {number} side
 */
function heat(maps, slot, side) {
  const map = maps.subarray(slot * side * side, (slot + 1) * side * side);
  const { low, high } = extent(map);
  const { attention } = palette();
  const image = new ImageData(side, side);
  for (const [p, value] of map.entries()) {
    const level = Math.round(((value - low) / (high - low || 1)) * 255) * 3;
    image.data.set([attention[level], attention[level + 1], attention[level + 2], 255], p * 4);
  }
  return image;
}

/** @param {Run} run @param {Frame} here */
function times(run, here) {
  const { frames } = run;
  const most = Math.max(...frames.map((frame) => frame.ms.unet), 1e-9);
  const width = 100 / here.steps;
  const bars = frames.map((frame) => {
    const height = (28 * frame.ms.unet) / most;
    const x = (frame.step - 1) * width + width * 0.1;
    return s("rect", {
      class: frame === here ? "time here" : "time",
      x,
      y: 30 - height,
      width: width * 0.8,
      height,
    });
  });
  const { step } = numbered(run, here);
  const label = t("unet.times", { ms: number(here.ms.unet), step });
  return h(
    "div",
    { class: "times" },
    h("p", { class: "quiet" }, label),
    s(
      "svg",
      { viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": label },
      ...bars,
    ),
  );
}
