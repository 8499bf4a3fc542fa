/**
 * Where on the way from noise to picture the steps lie, for samplers that take given times.
 *
 * @import { Settings } from "../../types"
 * @import { Tools } from "../mounting.js"
 */
import { BOUNDS, TIMED } from "../../state/bounds.js";
import { has, t } from "../../text/text.js";
import { h, say } from "../dom.js";
import { popover } from "../popover.js";
import { setting } from "./setting.js";

const [TRAINED, ...OTHERS] = BOUNDS.spacing.enum ?? [];

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function spacing({ store, send }, signal) {
  const { button, value } = setting("spacing");
  const radios = [TRAINED, ...OTHERS].map((name) =>
    h("input", {
      type: "radio",
      name: "spacing",
      value: name,
      change: () => send.change({ spacing: /** @type {Settings["spacing"]} */ (name) }),
    }),
  );
  const choices = radios.map((radio) =>
    h(
      "label",
      { class: "choice" },
      radio,
      h("span", {}, t(`spacing.${radio.value}`)),
      h("small", { class: "quiet" }, t(`spacing.${radio.value}.why`)),
    ),
  );
  const why = h("p", { class: "quiet" });
  const sheet = popover(
    button,
    t("setting.spacing"),
    signal,
    h("div", { role: "radiogroup", "aria-label": t("setting.spacing") }, choices),
    why,
  );
  const update = () => {
    const { spacing: wished = TRAINED, sampler } = store.state.settings;
    const free = TIMED.includes(sampler);
    const now = free ? wished : TRAINED;
    for (const radio of radios) {
      radio.checked = radio.value === now;
      radio.disabled = !free;
    }
    say(value, has(`spacing.${now}`) ? t(`spacing.${now}`) : now);
    const name = has(`sampler.${sampler}`) ? t(`sampler.${sampler}`) : sampler;
    say(why, free ? t("spacing.why") : t("spacing.own", { sampler: name }));
  };
  store.subscribe(({ settings }) => [settings.spacing, settings.sampler], update, signal);
  update();
  return [button, sheet];
}
