/**
 * Part 7: the clean latent that the step guesses, in the last step the finished one, and the picture that the decoder
 * makes of it.
 *
 * @import { State } from "../../types"
 */
import { colourImage } from "../../paint/latent.js";
import { shownFrame, shownModel } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { h } from "../dom.js";
import { figure, group, operator } from "./tiles.js";

/** @param {State} state */
export function decoder(state) {
  const frame = shownFrame(state);
  const model = shownModel(state);
  if (!frame || !model) return [];
  const { latent: shape, picture } = model;
  const last = frame.step === frame.steps;
  return [
    h(
      "div",
      { class: "groups large" },
      group(
        t("decoder.row", { ms: number(frame.ms.decode) }),
        figure(
          colourImage(last ? frame.latent : frame.x0, shape),
          t(last ? "decoder.last" : "decoder.from", {
            width: shape.width,
            height: shape.height,
            channels: shape.channels,
          }),
        ),
        operator("→"),
        figure(frame.preview, t("decoder.to", { width: picture.width, height: picture.height }), true),
      ),
    ),
  ];
}
