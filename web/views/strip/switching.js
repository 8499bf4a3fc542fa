/**
 * From the step on show on with other words or numbers: a button with a small sheet. Of a run that went on so it also leads
 * back to the one that this came from.
 *
 * @import { Settings } from "../../types"
 * @import { Tools } from "../mounting.js"
 */
import { BOUNDS, departure } from "../../state/bounds.js";
import { askedTwice, drawerOf, shownFrame, shownModel, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { fill, h, icon, say } from "../dom.js";
import { popover } from "../popover.js";

/** @typedef {"prompt" | "negative" | "guidance" | "sampler" | "seed"} Name of a setting that can change on the way */

/** @param {Tools} tools @param {AbortSignal} signal @returns {HTMLElement[]} the button and the sheet */
export function switching({ store, send }, signal) {
  /** @type {Record<Name, HTMLInputElement | HTMLSelectElement>} */
  const fields = {
    prompt: h("input", { maxlength: BOUNDS.prompt.maxLength, autocomplete: "off" }),
    negative: h("input", { maxlength: BOUNDS.negative.maxLength, autocomplete: "off" }),
    guidance: h("input", { inputmode: "decimal", autocomplete: "off" }),
    sampler: h(
      "select",
      {},
      (BOUNDS.sampler.enum ?? []).map((name) => h("option", { value: name }, t(`sampler.${name}`))),
    ),
    seed: h("input", { inputmode: "numeric", autocomplete: "off" }),
  };
  const names = /** @type {Name[]} */ (Object.keys(fields));
  const labels = names.map((name) =>
    h("label", { class: "change" }, h("span", {}, t(`switching.${name}`)), fields[name]),
  );
  const open = h("button", { class: "button small" }, t("switching.open"));
  const why = h("p", { class: "quiet" });
  const wrong = h("p", { class: "sentence bad", role: "alert", hidden: true });
  /** @param {string} text @param {() => void} act @returns {HTMLButtonElement} one that closes the sheet */
  const way = (text, act) => {
    const click = () => {
      sheet.hidePopover();
      act();
    };
    return h("button", { class: "button small", click }, text);
  };
  const draw = way(t("switching.draw"), () => send.goOn(step, {}, changes()));
  const both = way(t("switching.both"), () => {
    const run = drawerOf(store.state, step)?.id ?? "";
    send.compare(changes(), { from: { run, step: step - 1 } });
  });
  const beside = way(t("switching.beside"), () => {
    const { id, from } = shownRun(store.state);
    if (from) send.juxtapose(from.run, id);
  });
  const original = way(t("switching.original"), () => send.original());
  const sheet = popover(
    open,
    t("switching.title"),
    signal,
    why,
    ...labels,
    h("p", { class: "quiet" }, t("switching.seed.why")),
    wrong,
    h("div", { class: "choices" }, draw, both, beside, original),
  );

  /** The step on show; while the sheet is open the one that it was opened at. */
  let step = 1;
  /** @returns {Settings | null} of the run that drew the step */
  const before = () => drawerOf(store.state, step)?.settings ?? null;

  /** @param {Name} name @returns {string | number} as it stands in its field */
  const typed = (name) => {
    const { value } = fields[name];
    if (name !== "guidance" && name !== "seed") return value;
    return value.trim() === "" ? Number.NaN : Number(value.trim().replace(",", "."));
  };
  const changes = () => {
    const settings = before();
    const changed = names.filter((name) => settings && typed(name) !== settings[name]);
    return Object.fromEntries(changed.map((name) => [name, typed(name)]));
  };
  const look = () => {
    const refused = names.map((name) => departure(name, typed(name))).find(Boolean);
    wrong.hidden = !refused;
    fill(wrong, refused && [icon("stop"), h("span", {}, t(`refusal.${refused.reason}`, refused.values))]);
    for (const button of [draw, both])
      button.disabled = Boolean(refused) || Object.keys(changes()).length === 0;
  };
  sheet.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") update();
  });
  sheet.addEventListener("beforetoggle", (event) => {
    const settings = before();
    if (/** @type {ToggleEvent} */ (event).newState !== "open" || !settings) return;
    for (const name of names) fields[name].value = String(settings[name]);
    labels[names.indexOf("negative")].hidden = !askedTwice(store.state);
    labels[names.indexOf("guidance")].hidden = shownModel(store.state)?.guidance === "none";
    say(why, t("switching.why", { step: step + shownRun(store.state).skipped }));
    look();
  });
  sheet.addEventListener("input", look);
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) draw.click();
  });

  const update = () => {
    if (sheet.matches(":popover-open")) return;
    const { runs } = store.state;
    step = shownFrame(store.state)?.step ?? 1;
    const { from, status } = shownRun(store.state);
    open.hidden = before() === null;
    original.hidden = !from || !(from.run in runs.byId);
    beside.hidden = original.hidden || status !== "finished";
  };
  store.subscribe(({ runs, view }) => [runs, view.step], update, signal);
  update();
  return [open, sheet];
}
