/**
 * The head of the page: the name, the model and the engine that runs it, light or dark.
 *
 * @import { Store } from "../../state/store.js"
 * @import { Tools } from "../mounting.js"
 */

import { PARTS } from "../../state/parts.js";
import { list, percent, t, weights } from "../../text/text.js";
import { fill, h, icon, set } from "../dom.js";
import { popover } from "../popover.js";
import { logo } from "./logo.js";
import * as models from "./models.js";

/** Keys and what they do, as the language file names them. */
const KEYS = ["space", "arrows", "ends", "parts", "words", "strength", "lens", "attention", "escape"];

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send, reach }, signal) {
  const lamp = h("span", { class: "engine-lamp", "aria-hidden": "true" });
  const status = h("span", { id: "engine" });
  const about = h("button", { class: "engine" }, lamp, status, icon("down"));
  const details = h("div", { class: "engine-details" });
  const choice = h("div");
  const keys = h("button", { class: "tool keys", "aria-label": t("keys"), title: t("keys") }, "?");
  const list = h(
    "dl",
    { class: "key-list" },
    KEYS.map((key) =>
      h(
        "div",
        {},
        h("dt", { class: "num" }, t(`key.${key}`, { last: PARTS.length })),
        h("dd", {}, t(`key.${key}.does`)),
      ),
    ),
  );
  const sheet = popover(about, t("models.title"), signal, choice, h("h3", {}, t("engine.about")), details);
  models.mount(choice, { store, send, signal, done: () => sheet.hidePopover() });
  sheet.addEventListener("toggle", () => sheet.matches(":popover-open") && send.survey());
  element.append(
    h("h1", { class: "brand" }, logo(), t("name")),
    about,
    sheet,
    keys,
    popover(keys, t("keys"), signal, list),
    h(
      "button",
      {
        class: "tool",
        "aria-label": t("theme.toggle"),
        title: t("theme.toggle"),
        click: () => send.theme(),
      },
      icon("theme"),
    ),
  );

  const update = () => {
    const { engine, model } = store.state;
    set(lamp, "data-on", engine.status === "ready");
    const title = model?.title ?? t("engine.model");
    fill(status, h("b", {}, title), facts(store.state));
    fill(details, sentences(store.state));
  };
  store.subscribe(({ engine, model }) => [engine, model], update, signal);
  update();
  reach.offer("keys", () => keys.click(), signal);
}

/** @type {Record<string, string>} */
const WAITING = { failed: "loading.failed", asking: "loading.asking.title" };

/** What the engine has to say of itself. @param {Store["state"]} state */
function sentences({ engine }) {
  const said = [];
  if (engine.status === "ready") {
    if (engine.note) said.push(t(`note.${engine.note.reason}`, engine.note.values));
    if (engine.adapter) said.push(t("engine.adapter", { adapter: engine.adapter }));
    if (engine.selfAttention) said.push(t(`engine.attention.${engine.selfAttention}`));
    if (engine.sparing) said.push(t("engine.sparing"));
    if (!engine.isolated) said.push(t("engine.alone"));
    said.push(t(engine.offline ? "engine.offline.yes" : "engine.offline.not"));
    if (engine.stale.length) said.push(t("engine.stale", { files: list([...engine.stale], "unit") }));
  } else said.push(t(WAITING[engine.status] ?? "engine.wait"));
  return said.map((text) => h("p", { class: "quiet" }, text));
}

/** @param {Store["state"]} state */
function facts({ engine, model }) {
  const one = (/** @type {string} */ text, kind = "now") =>
    h("span", { class: `engine-fact ${kind}` }, h("span", { class: "comma" }, ", "), text);
  if (engine.status === "failed") return [one(t("engine.failed"))];
  if (engine.status === "asking") return [one(t("engine.asking"))];
  if (engine.status === "downloading" && engine.total) {
    return [one(t("engine.downloading", { share: percent(engine.bytes / engine.total) }))];
  }
  if (engine.status !== "ready") return [one(t("engine.starting"))];
  const known = model && one(weights(model.parameters), "more");
  const backend =
    engine.backend === "webgpu"
      ? t("engine.webgpu", { adapter: engine.adapter || "GPU" })
      : t("engine.wasm", { count: engine.threads });
  return [known, one(backend, "more"), engine.offline && one(t("engine.offline"), "more")];
}
