/**
 * The settings of the next run: each a name over its value, and under it a sheet to change it.
 *
 * @import { Tools } from "../mounting.js"
 */
import { BOUNDS, departure } from "../../state/bounds.js";
import { has, number, t } from "../../text/text.js";
import { fill, h, icon, say, set } from "../dom.js";
import { popover } from "../popover.js";
import { preview } from "./preview.js";
import { setting } from "./setting.js";
import { spacing } from "./spacing.js";
import { start } from "./start.js";

const SAMPLERS = BOUNDS.sampler.enum ?? [];
// How far the sliders go; the fields beside them take what the loop takes.
const MANY_STEPS = 50;
const MUCH_GUIDANCE = 15;

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  set(element, "role", "group");
  set(element, "aria-label", t("settings.label"));
  const entries = [
    seed(tools, signal),
    amount("steps", { max: MANY_STEPS, step: 1, digits: 0 }, tools, signal),
    guidance(tools, signal),
    sampler(tools, signal),
    spacing(tools, signal),
    preview(tools, signal),
    avoid(tools, signal),
    start(tools, signal),
  ];
  element.append(...entries.flat());
}

/** A sentence under a field that says what is wrong with it, read aloud when it appears. */
function complaint() {
  return h("p", { class: "sentence bad complaint", role: "alert", hidden: true });
}

/** @param {HTMLElement} place @param {HTMLInputElement} field @param {string} text "" when all is well */
function complain(place, field, text) {
  place.hidden = text === "";
  fill(place, text && [icon("stop"), h("span", {}, text)]);
  set(field, "aria-invalid", text !== "" ? "true" : false);
}

/**
 * The seed: any whole number from 0, typed or thrown.
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
function seed({ store, send }, signal) {
  const { button, value } = setting("seed");
  const wrong = complaint();
  const field = h("input", {
    class: "number-field",
    inputmode: "numeric",
    "aria-label": t("setting.seed"),
    autocomplete: "off",
  });
  const read = () => {
    const text = field.value.trim();
    const whole = /^\d+$/.test(text) && departure("seed", Number(text)) === null;
    complain(wrong, field, whole ? "" : t("seed.wrong", { text: text || t("seed.nothing") }));
    if (whole) send.change({ seed: Number(text) });
  };
  field.addEventListener("input", read);
  const dice = h(
    "button",
    { class: "tool dice", "aria-label": t("seed.dice"), title: t("seed.dice"), click: () => send.dice() },
    icon("dice"),
  );
  const sheet = popover(
    button,
    t("setting.seed"),
    signal,
    field,
    wrong,
    h("p", { class: "quiet" }, t("seed.why")),
  );
  const update = () => {
    const now = store.state.settings.seed;
    say(value, now);
    if (document.activeElement !== field || !wrong.hidden) {
      if (Number(field.value) !== now || field.value === "") field.value = String(now);
      complain(wrong, field, "");
    }
  };
  store.subscribe(({ settings }) => [settings.seed], update, signal);
  update();
  return [h("div", { class: "seed" }, button, dice), sheet];
}

/**
 * A number with a slider.
 * @param {"steps" | "guidance"} name
 * @param {{ max: number, step: number, digits: number }} range of the slider
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
function amount(name, { max, step, digits }, { store, send }, signal) {
  const { button, value } = setting(name);
  const wrong = complaint();
  const { minimum: min = 0, maximum: most = max } = BOUNDS[name];
  const limits = { min: number(min, digits), max: number(most, digits) };
  const slider = h("input", { type: "range", min, max, step, "aria-label": t(`setting.${name}`) });
  const field = h("input", {
    class: "number-field",
    inputmode: "decimal",
    "aria-label": t(`setting.${name}.field`),
    autocomplete: "off",
  });
  slider.addEventListener("input", () => send.change({ [name]: Number(slider.value) }));
  field.addEventListener("input", () => {
    const typed = Number(field.value.trim().replace(",", "."));
    const fits = field.value.trim() !== "" && departure(name, typed) === null;
    complain(wrong, field, fits ? "" : t(`${name}.wrong`, limits));
    if (fits) send.change({ [name]: typed });
  });
  const sheet = popover(
    button,
    t(`setting.${name}`),
    signal,
    h("div", { class: "slider-and-field" }, slider, field),
    wrong,
    h("p", { class: "quiet" }, t(`${name}.why`)),
  );
  const update = () => {
    const now = store.state.settings[name];
    say(value, number(now, digits));
    slider.value = String(now);
    if (document.activeElement !== field) {
      field.value = number(now, digits);
      complain(wrong, field, "");
    }
  };
  store.subscribe(({ settings }) => [settings[name]], update, signal);
  update();
  return [button, sheet];
}

/**
 * Guidance, where there is any: a model that is asked once and told nothing has none.
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
function guidance(tools, signal) {
  const { store } = tools;
  const range = { max: MUCH_GUIDANCE, step: 0.5, digits: 1 };
  const [button, sheet] = amount("guidance", range, tools, signal);
  const update = () => {
    button.hidden = store.state.model?.guidance === "none";
  };
  store.subscribe(({ model }) => [model], update, signal);
  return [button, sheet];
}

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
function sampler({ store, send }, signal) {
  const { button, value } = setting("sampler");
  const choices = SAMPLERS.map((name) => {
    const radio = h("input", {
      type: "radio",
      name: "sampler",
      value: name,
      change: () => send.change({ sampler: name }),
    });
    return h(
      "label",
      { class: "choice" },
      radio,
      h("span", {}, t(`sampler.${name}`)),
      h("small", { class: "quiet" }, t(`sampler.${name}.why`)),
    );
  });
  const sheet = popover(
    button,
    t("setting.sampler"),
    signal,
    h("div", { role: "radiogroup", class: "samplers", "aria-label": t("setting.sampler") }, choices),
  );
  const update = () => {
    // What the model was made for stands first.
    const own = SAMPLERS.indexOf(store.state.model?.defaults.sampler ?? "");
    for (const [index, choice] of choices.entries()) choice.style.order = index === own ? "-1" : "";
    const now = store.state.settings.sampler;
    say(value, has(`sampler.${now}`) ? t(`sampler.${now}`) : now);
    for (const radio of sheet.querySelectorAll("input")) radio.checked = radio.value === now;
  };
  store.subscribe(({ settings, model }) => [settings.sampler, model], update, signal);
  update();
  return [button, sheet];
}

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
function avoid({ store, send }, signal) {
  const label = t("setting.avoid.name");
  const { button, value } = setting("avoid", label);
  const field = h("input", {
    class: "text-field",
    "aria-label": label,
    autocomplete: "off",
    placeholder: t("avoid.none"),
    maxlength: BOUNDS.negative.maxLength,
  });
  field.addEventListener("input", () => send.change({ negative: field.value }));
  const sheet = popover(
    button,
    t("setting.avoid.name"),
    signal,
    field,
    h("p", { class: "quiet" }, t("avoid.why")),
  );
  const update = () => {
    const { negative } = store.state.settings;
    say(value, negative.trim() || t("avoid.none"));
    if (field.value !== negative) field.value = negative;
  };
  store.subscribe(({ settings }) => [settings.negative], update, signal);
  update();
  return [button, sheet];
}
