/**
 * The head of the page: the name, the engine that runs, light or dark.
 *
 * @import { Commands } from "../commands.js"
 * @import { Store } from "../store.js"
 */
import { fill, h, icon, set, watch } from "./dom.js";
import { logo } from "./logo.js";
import { number, percent, t } from "./text.js";

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {Commands} send
 */
export function mount(element, store, send) {
  const lamp = h("span", { class: "engine-lamp", "aria-hidden": "true" });
  const status = h("span");
  element.append(
    h("h1", { class: "brand" }, logo(), t("name")),
    h("p", { class: "engine", id: "engine" }, lamp, status),
    h(
      "button",
      { class: "tool", "aria-label": t("theme.toggle"), title: t("theme.toggle"), click: () => send.theme() },
      icon("theme"),
    ),
  );

  const update = () => {
    const { engine, model } = store.state;
    set(lamp, "data-on", engine.status === "ready");
    const title = model?.title ?? t("engine.model");
    fill(status, h("b", {}, title), facts(store.state));
  };
  watch(store, ({ engine, model }) => [engine, model], update);
  update();
}

/** @param {Store["state"]} state */
function facts({ engine, model }) {
  const one = (/** @type {string} */ text, kind = "now") =>
    h("span", { class: `engine-fact ${kind}` }, h("span", { class: "comma" }, ", "), text);
  if (engine.status === "failed") return [one(t("engine.failed"))];
  if (engine.status === "downloading" && engine.total) {
    return [one(t("engine.downloading", { share: percent(engine.bytes / engine.total) }))];
  }
  if (engine.status !== "ready") return [one(t("engine.starting"))];
  const weights = model
    ? one(t("engine.weights", { millions: number(model.parameters / 1e6) }), "more")
    : null;
  const backend =
    engine.backend === "webgpu"
      ? t("engine.webgpu", { adapter: engine.adapter || "GPU" })
      : t("engine.wasm", { count: engine.threads });
  return [weights, one(backend), engine.offline && one(t("engine.offline"), "more")];
}
