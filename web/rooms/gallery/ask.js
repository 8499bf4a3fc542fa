/**
 * What is asked for: the prompt, what varies and through which values; and the buttons of the drawing.
 *
 * @import { Varied } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { BOUNDS } from "../../state/bounds.js";
import { MOST, readValues, shows, VARIED, varied } from "../../state/gallery.js";
import { t } from "../../text/text.js";
import { fill, h, icon, set } from "../../views/dom.js";

const SAMPLERS = BOUNDS.sampler.enum ?? [];

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  /** What was typed or picked, as far as it may be. @type {(string | number)[]} */
  let values = [];

  const draw = () => wrong.hidden && send.drawGallery(store.state.gallery.vary, values);
  const enter = (/** @type {KeyboardEvent} */ { key, isComposing }) =>
    key === "Enter" && !isComposing && draw();
  const plain = { spellcheck: "false", autocomplete: "off", autocapitalize: "off", enterkeyhint: "go" };
  const prompt = h("input", {
    class: "prompt-field",
    "aria-label": t("prompt.label"),
    placeholder: t("prompt.none"),
    maxlength: BOUNDS.prompt.maxLength,
    ...plain,
    input: () => send.change({ prompt: prompt.value }),
    keydown: enter,
  });
  const kinds = VARIED.map((vary) =>
    h("button", { value: vary, click: () => send.drawGallery(vary) }, t(`setting.${vary}`)),
  );
  const field = h("input", {
    class: "text-field",
    "aria-describedby": "gallery-wrong",
    ...plain,
    input: () => read(),
    keydown: enter,
  });
  const dice = h(
    "button",
    {
      class: "tool",
      "aria-label": t("gallery.dice"),
      title: t("gallery.dice"),
      click: () => send.throwSeeds(),
    },
    icon("dice"),
  );
  const samplers = SAMPLERS.map((name) =>
    h("button", { class: "button small", value: name, click: () => toggle(name) }, t(`sampler.${name}`)),
  );
  const picked = h("div", { class: "choices", role: "group", "aria-label": t("setting.sampler") }, samplers);
  const typed = h("div", { class: "typed" }, field, dice);
  const wrong = h("p", { id: "gallery-wrong", class: "sentence bad", role: "alert", hidden: true });
  const buttons = h("div", { class: "buttons" });
  element.append(
    prompt,
    h("div", { class: "segments", role: "group", "aria-label": t("gallery.vary") }, kinds),
    typed,
    picked,
    wrong,
    buttons,
  );

  const read = () => {
    const { vary } = store.state.gallery;
    const said = readValues(vary, field.value);
    values = said.values;
    wrong.hidden = said.wrong === null;
    fill(
      wrong,
      said.wrong && [icon("stop"), h("span", {}, t(`refusal.${said.wrong.reason}`, said.wrong.values))],
    );
    set(field, "aria-invalid", wrong.hidden ? false : "true");
    tell();
  };

  const toggle = (/** @type {string} */ name) => {
    const wanted = new Set(values);
    if (!wanted.delete(name)) wanted.add(name);
    values = SAMPLERS.filter((each) => wanted.has(each));
    press();
    tell();
  };

  const press = () => {
    for (const button of samplers) set(button, "aria-pressed", String(values.includes(button.value)));
  };

  /** Another gallery is drawn: its values are those to be changed. */
  const follow = () => {
    const { vary, tiles } = store.state.gallery;
    values = tiles.map(({ value }) => value);
    for (const button of kinds) set(button, "aria-pressed", String(button.value === vary));
    typed.hidden = vary === "sampler";
    picked.hidden = !typed.hidden;
    dice.hidden = vary !== "seed";
    set(field, "aria-label", t("gallery.values", { setting: t(`setting.${vary}`), most: MOST }));
    set(field, "inputmode", vary === "guidance" ? "text" : "numeric");
    field.value = values.join(", ");
    wrong.hidden = true;
    set(field, "aria-invalid", false);
    press();
    tell();
  };

  const offer = () => {
    const able = varied(store.state.model);
    for (const button of kinds) button.hidden = !able.includes(/** @type {Varied} */ (button.value));
  };

  const button = (/** @type {string} */ name, /** @type {() => void} */ act, /** @type {any} */ picture) =>
    h("button", { class: "button", click: act }, picture && icon(picture), t(`action.${name}`));
  const pause = button("pause", () => send.pauseGallery(), "pause");
  const resume = button("resume", () => send.resumeGallery(), "play");
  const cancel = button("cancel", () => send.cancelGallery(), null);
  const rest = h("button", { class: "button primary", click: () => send.goOnGallery() }, t("gallery.rest"));
  const anew = h("button", { class: "button primary", click: draw });

  const tell = () => {
    const { gallery, settings } = store.state;
    const { status, tiles, vary } = gallery;
    const same = shows({ ...gallery, status: "finished" }, settings, { vary, values });
    const some = tiles.some(({ latent }) => latent);
    const left = tiles.some(({ latent, refused }) => !latent && !refused);
    const going = ["waiting", "drawing", "paused"].includes(status);
    /** @type {HTMLButtonElement[]} */
    let now = [anew];
    if (going && same) now = status === "waiting" ? [cancel] : [status === "paused" ? resume : pause, cancel];
    else if (same && some && left) now = [rest, anew];
    anew.textContent = t("gallery.draw", { count: values.length });
    anew.disabled = values.length === 0 || !wrong.hidden;
    set(anew, "class", now.includes(rest) ? "button" : "button primary");
    if (now.length === buttons.childElementCount && now.every((one, k) => one === buttons.children[k]))
      return;
    const held = buttons.contains(document.activeElement);
    fill(buttons, now);
    // Who works by keyboard stays where the buttons are, though the pressed one has gone.
    if (held && !buttons.contains(document.activeElement)) now[0].focus({ preventScroll: true });
  };

  const write = () => {
    if (prompt.value !== store.state.settings.prompt) prompt.value = store.state.settings.prompt;
    tell();
  };
  store.subscribe(({ settings }) => [settings], write, signal);
  store.subscribe(({ gallery }) => [gallery.settings, gallery.vary], follow, signal);
  store.subscribe(({ gallery }) => [gallery.status, gallery.tiles], tell, signal);
  store.subscribe(({ model }) => [model], offer, signal);
  offer();
  write();
  follow();
}
