/**
 * The control of one setting of the second run.
 *
 * @import { Kind } from "./change.js"
 * @import { Settings } from "../../types"
 */
import { BOUNDS } from "../../state/bounds.js";
import { number, t } from "../../text/text.js";
import { h, icon } from "../../views/dom.js";
import { nameOf } from "./sides.js";

/**
 * @param {Kind} kind
 * @param {Settings} settings that it begins with
 * @param {(wishes: Partial<Settings>) => void} say called with what is typed or picked, also where it is out of its bounds
 * @param {() => void} draw called by Enter in a field
 * @returns {HTMLElement | null} none for what is changed in the prompt's own place
 */
export function control(kind, settings, say, draw) {
  const keydown = (/** @type {KeyboardEvent} */ { key, isComposing }) =>
    key === "Enter" && !isComposing && draw();
  if (kind === "prompt" || kind === "word") return null;
  const label = t("compare.of.b", { setting: nameOf(kind) });
  if (kind === "sampler") {
    const options = (BOUNDS.sampler.enum ?? []).map((name) =>
      h("option", { value: name }, t(`sampler.${name}`)),
    );
    const select = h(
      "select",
      { "aria-label": label, change: () => say({ sampler: select.value }) },
      options,
    );
    select.value = settings.sampler;
    return select;
  }
  if (kind === "negative") {
    const field = h("input", {
      class: "text-field",
      "aria-label": label,
      autocomplete: "off",
      placeholder: t("avoid.none"),
      maxlength: BOUNDS.negative.maxLength,
      input: () => say({ negative: field.value }),
      keydown,
    });
    field.value = settings.negative;
    return field;
  }
  const field = h("input", {
    class: "number-field",
    inputmode: kind === "guidance" ? "decimal" : "numeric",
    "aria-label": label,
    autocomplete: "off",
    input: () => {
      const text = field.value.trim().replace(",", ".");
      // What is no number stays as it was typed, for the sentence that refuses it.
      say({ [kind]: text === "" || Number.isNaN(Number(text)) ? field.value : Number(text) });
    },
    keydown,
  });
  field.value = kind === "guidance" ? number(settings.guidance, 1) : String(settings[kind]);
  if (kind !== "seed") return field;
  const throws = () => {
    const seed = crypto.getRandomValues(new Uint16Array(1))[0];
    field.value = String(seed);
    say({ seed });
  };
  const name = t("seed.dice");
  return h(
    "span",
    { class: "seed" },
    field,
    h("button", { class: "tool", "aria-label": name, title: name, click: throws }, icon("dice")),
  );
}
