/**
 * What draws the steps before the last: the decoder, or something cheaper that the model has.
 *
 * @import { Tools } from "../mounting.js"
 */

import { has, t } from "../../text/text.js";
import { h, say } from "../dom.js";
import { popover } from "../popover.js";
import { setting } from "./setting.js";

/** Each preview with the graph that draws it, the truest first. */
const PREVIEWS = /** @type {const} */ ([
  ["full", "vae_decoder"],
  ["tiny", "preview_decoder"],
  ["linear", "latent_rgb"],
]);
const MOST = 10; // steps from one decoded picture to the next

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function preview({ store, send }, signal) {
  const { button, value } = setting("preview");
  const choices = PREVIEWS.map(([name]) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type: "radio",
        name: "preview",
        value: name,
        change: () => send.change({ preview: name }),
      }),
      h("span", {}, t(`preview.${name}`)),
      h("small", { class: "quiet" }, t(`preview.${name}.why`)),
    ),
  );
  const slider = h("input", {
    type: "range",
    min: 1,
    max: MOST,
    step: 1,
    "aria-label": t("preview.every.label"),
    input: () => send.change({ every: Number(slider.value) }),
  });
  const everyText = h("output", {});
  const every = h("div", { class: "every" }, everyText, slider);
  const sheet = popover(
    button,
    t("setting.preview"),
    signal,
    h("div", { role: "radiogroup", "aria-label": t("setting.preview") }, choices),
    every,
    h("p", { class: "quiet" }, t("preview.why")),
  );
  const update = () => {
    const { settings, model } = store.state;
    const there = PREVIEWS.map(([, graph]) => model !== null && graph in model.graphs);
    button.hidden = there.filter(Boolean).length < 2;
    for (const [index, [name]] of PREVIEWS.entries()) {
      choices[index].hidden = !there[index];
      /** @type {HTMLInputElement} */ (choices[index].firstElementChild).checked = name === settings.preview;
    }
    every.hidden = settings.preview !== "full";
    slider.value = String(settings.every);
    say(everyText, t("preview.every", { count: settings.every }));
    // An address may name what no page knows; Python then says so.
    const name = has(`preview.${settings.preview}`) ? t(`preview.${settings.preview}`) : settings.preview;
    const sparse = settings.preview === "full" && settings.every > 1;
    say(value, sparse ? t("preview.every.short", { count: settings.every }) : name);
  };
  store.subscribe(({ settings, model }) => [settings.preview, settings.every, model], update, signal);
  update();
  return [button, sheet];
}
