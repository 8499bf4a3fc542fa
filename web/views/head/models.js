/**
 * The models that there are: what each one is, whether it will run here, and what can be done with it.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { Store } from "../../state/store.js"
 * @import { Device, ModelEntry } from "../../types"
 */
import { fit } from "../../device/fit.js";
import { asksFirst, missing } from "../../device/models.js";
import { list, size, t, weights } from "../../text/text.js";
import { fill, h, icon } from "../dom.js";

/**
 * @param {HTMLElement} element
 * @param {{ store: Store, send: Commands, signal: AbortSignal, done: () => void }} tools `done` is called when a model was
 *   chosen, for what happens now is to be seen on the page
 */
export function mount(element, { store, send, signal, done }) {
  const list = h("ul", { class: "models" });
  const trouble = h("div", { role: "alert" });
  const open = h("button", { class: "button small", click: () => send.openFolder() }, t("models.open"));
  const device = h("dl", { class: "device" });
  element.append(
    list,
    h("div", { class: "model-folder" }, open, h("p", { class: "quiet" }, t("models.open.why"))),
    trouble,
    h("h3", {}, t("device.title")),
    device,
  );

  /** @param {string} name */
  const use = (name) => {
    done();
    send.use(name);
  };

  const update = () => {
    const { models } = store.state;
    const held = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.model;
    fill(
      list,
      models.list.map((model) => row(model, store.state, send, use)),
    );
    // Who works by keyboard stays with the model, though its button is another now.
    if (held)
      list
        .querySelector(`[data-model="${CSS.escape(held)}"]`)
        ?.querySelector("button")
        ?.focus();
    fill(trouble, models.trouble && sentence("stop", models.trouble));
    fill(device, models.device && facts(models.device));
  };
  store.subscribe(({ models, model, engine }) => [models, model, engine.status], update, signal);
  update();
}

/**
 * @param {ModelEntry} model
 * @param {Store["state"]} state
 * @param {Commands} send
 * @param {(name: string) => void} use
 */
function row(model, { models, model: manifest, engine }, send, use) {
  const chosen = model.name === models.chosen;
  const waits = chosen && engine.status === "asking";
  const { runs, sentence: why } = models.device
    ? fit(model, models.device, models.kept)
    : { runs: true, sentence: "" };
  const absent = missing(model, models.kept);
  const kept = models.kept[model.name] ?? 0;
  const title = model.opened ? t("models.opened", { title: model.title }) : model.title;
  const { height, width } = model.picture;
  const what = [weights(model.parameters), `${width} × ${height}`, model.precision, size(model.bytes)];
  const verb = asksFirst(model, models.kept) ? t("models.fetch", { size: size(absent) }) : t("models.use");
  const added = chosen ? [...(manifest?.additions ?? []), ...words(manifest?.tokenizer.added)] : [];
  return h(
    "li",
    { class: "model", "aria-current": chosen ? "true" : false, "data-model": model.name },
    h("h3", {}, chosen && h("span", { class: "engine-lamp", "data-on": "", "aria-hidden": "true" }), title),
    h("p", { class: "quiet" }, list(what, "unit")),
    h("p", { class: "quiet" }, t("models.licence", { licence: model.licence }), " ", model.licence_terms),
    added.length > 0 && h("p", { class: "quiet" }, t("models.added", { added: list(added, "unit") })),
    why && sentence(runs ? "note" : "stop", why),
    h(
      "div",
      { class: "choices" },
      chosen && !waits
        ? state(engine.status)
        : h(
            "button",
            {
              class: "button small",
              disabled: !runs,
              "aria-label": `${verb}: ${title}`,
              "data-model": model.name,
              click: () => use(model.name),
            },
            verb,
          ),
      kept > 0 &&
        !chosen &&
        h(
          "button",
          {
            class: "button small",
            "aria-label": `${t("models.remove", { size: size(kept) })}: ${title}`,
            "data-model": model.name,
            click: () => send.remove(model.name),
          },
          t("models.remove", { size: size(kept) }),
        ),
    ),
  );
}

/** How the chosen model stands. @param {Store["state"]["engine"]["status"]} status */
function state(status) {
  if (status === "ready") return h("span", { class: "model-state good" }, icon("check"), t("models.used"));
  return h("span", { class: "model-state" }, t(status === "failed" ? "engine.failed" : "engine.starting"));
}

/** Words of textual inversion, as the prompt writes them. @param {Record<string, number[]> | undefined} added */
function words(added) {
  return Object.entries(added ?? {}).map(([word, ids]) => t("models.word", { word, count: ids.length }));
}

/** @param {"stop" | "note"} kind @param {string} text */
function sentence(kind, text) {
  return h("p", { class: `sentence ${kind === "stop" ? "bad" : ""}` }, icon(kind), h("span", {}, text));
}

/** @param {Device} device */
function facts({ memory, free, threads, isolated, adapter }) {
  const unknown = t("device.unknown");
  const graphics = adapter
    ? t(adapter.halfFloats ? "device.graphics.half" : "device.graphics.full", {
        name: adapter.name || "GPU",
        largest: size(adapter.largest),
      })
    : t("device.graphics.none");
  const rows = {
    room: free === null ? unknown : t("device.room.free", { free: size(free) }),
    memory: memory === null ? unknown : t("device.memory.least", { memory: size(memory) }),
    graphics,
    processor: t(isolated ? "device.threads" : "device.threads.alone", { count: threads }),
  };
  return Object.entries(rows).map(([name, value]) =>
    h("div", {}, h("dt", {}, t(`device.${name}`)), h("dd", {}, value)),
  );
}
