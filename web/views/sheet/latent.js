/**
 * Part 6: the latent after this step, as colours and channel by channel.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { State } from "../../types"
 */
import { palette } from "../../paint/colour.js";
import { channelImage, colourImage } from "../../paint/latent.js";
import { shownFrame, shownModel } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { h } from "../dom.js";
import { outOfReach } from "./reaching.js";
import { figure, group } from "./tiles.js";
import { touching } from "./touching.js";

/**
 * @param {State} state
 * @param {Commands} send
 * @param {Element | null} there what stands in the sheet: tools in use stay
 */
export function latent(state, send, there) {
  const frame = shownFrame(state);
  const shape = shownModel(state)?.latent;
  if (!frame || !shape) return [];
  const why = outOfReach(state);
  if (state.hand.touching && !why) return [touching(state, send, there)];
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
    why
      ? h("p", { class: "quiet" }, why)
      : h(
          "div",
          {},
          h("button", { class: "button small", click: () => send.reachIn(true) }, t("touching.begin")),
        ),
  ];
}
