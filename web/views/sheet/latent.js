/**
 * Part 6: the latent after this step, as colours and channel by channel.
 *
 * @import { State } from "../../types"
 */
import { palette } from "../../paint/colour.js";
import { channelImage, colourImage } from "../../paint/latent.js";
import { shownFrame, shownModel } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { h } from "../dom.js";
import { figure, group } from "./tiles.js";

/** @param {State} state */
export function latent(state) {
  const frame = shownFrame(state);
  const shape = shownModel(state)?.latent;
  if (!frame || !shape) return [];
  const { signed } = palette();
  const channels = Array.from({ length: shape.channels }, (_, c) =>
    figure(channelImage(frame.latent, c, shape, signed), t("channel.name", { channel: c + 1 })),
  );
  const [low, high] = shape.range;
  return [
    h(
      "div",
      { class: "groups latents" },
      group(
        t("latent.colour"),
        figure(colourImage(frame.latentIn, shape), t("term.x")),
        figure(colourImage(frame.latent, shape), t("term.next")),
      ),
      group(t("latent.channels", { low: number(low, 1), high: number(high, 1) }), ...channels),
    ),
  ];
}
