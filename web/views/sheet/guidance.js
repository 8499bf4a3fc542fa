/**
 * Part 4: the noise named with and without the words, and the push from one beyond the other.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { State } from "../../types"
 */
import { enlarge, extent, stain } from "../../paint/attention.js";
import { palette } from "../../paint/colour.js";
import { channelImage, colourImage, difference } from "../../paint/latent.js";
import { askedTwice, shownFrame, shownModel, shownSettings } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { h } from "../dom.js";
import { pushing } from "./pushing.js";
import { outOfReach } from "./reaching.js";
import { figure, group, operator } from "./tiles.js";

/**
 * @param {State} state
 * @param {Commands} send
 * @param {Element | null} there what stands in the sheet: a slider in use stays
 */
export function guidance(state, send, there) {
  const frame = shownFrame(state);
  const shape = shownModel(state)?.latent;
  if (!frame || !shape) return [];
  const { guidance: strength, negative } = shownSettings(state);
  if (!askedTwice(state)) return once(frame, shape, strength, shownModel(state)?.guidance === "embedded");
  const why = outOfReach(state);
  if (!why) return [pushing(state, send, there)];
  const without = t(negative.trim() ? "guidance.avoid" : "guidance.without");
  const added = difference(frame.epsCond, frame.epsUncond);
  return [
    h(
      "div",
      { class: "groups" },
      group(
        t("guidance.ask"),
        figure(colourImage(frame.epsCond, shape), t("guidance.with")),
        operator("−"),
        figure(colourImage(frame.epsUncond, shape), without),
        operator("="),
        figure(colourImage(added, shape), t("guidance.added")),
      ),
      group(
        t("guidance.push"),
        figure(colourImage(frame.epsUncond, shape), without),
        operator("+ ", h("span", { class: "factor now" }, number(strength, 1)), " ×"),
        figure(colourImage(added, shape), t("guidance.added")),
        operator("="),
        figure(colourImage(frame.eps, shape), t("guidance.guided")),
      ),
      group(
        t("guidance.where"),
        ...Array.from({ length: shape.channels }, (_, c) =>
          figure(channelImage(added, c, shape, palette().signed), t("channel.name", { channel: c + 1 })),
        ),
        figure(whereMost(added, shape, frame.preview), t("guidance.most"), true),
      ),
      h("p", { class: "quiet why-not" }, why),
    ),
  ];
}

/**
 * A model that was distilled to be asked once has no second answer: what it was asked, and what it said.
 * @param {import("../../types").Frame} frame
 * @param {import("../../paint/latent.js").LatentShape} shape
 * @param {number} strength
 * @param {boolean} told whether the UNet is told the strength
 */
function once(frame, shape, strength, told) {
  return [
    h(
      "div",
      { class: "groups" },
      group(
        t("guidance.once"),
        figure(colourImage(frame.latentIn, shape), t("term.x")),
        operator(...(told ? ["+ ", h("span", { class: "factor now" }, number(strength, 1))] : []), " →"),
        figure(colourImage(frame.eps, shape), t("guidance.with")),
      ),
    ),
    h("p", { class: "lead" }, t(told ? "guidance.once.embedded" : "guidance.once.none")),
  ];
}

/**
 * Where the words change the noise most: the difference's length over the channels, as a stain over the picture.
 * @param {Float32Array} values `[C, h, w]`
 * @param {import("../../paint/latent.js").LatentShape} shape
 * @param {ImageData} picture
 */
function whereMost(values, shape, picture) {
  const size = shape.height * shape.width;
  const length = new Float32Array(size);
  for (let p = 0; p < size; p++) {
    for (let c = 0; c < shape.channels; c++) length[p] += values[c * size + p] ** 2;
    length[p] = Math.sqrt(length[p]);
  }
  const large = enlarge(length, shape.width, picture.width);
  return stain(picture, large, { low: 0, high: extent(large).high }, palette());
}
