/**
 * How the gallery stands, in words that are read aloud too; and what went wrong, with what helps.
 *
 * @import { State } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { rich, size, t } from "../../text/text.js";
import { fill, h, icon, say } from "../../views/dom.js";
import { nameOf } from "./tiles.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  const line = h("p", { class: "standing", role: "status" });
  const troubles = h("div", { class: "troubles", role: "alert" });
  element.append(line, troubles);

  /** @param {State} state */
  const wrong = ({ engine, gallery, models }) => {
    const again = (/** @type {string} */ name) =>
      h(
        "div",
        { class: "choices" },
        h("button", { class: "button small", click: () => send.restart() }, name),
      );
    const model = models.list.find(({ name }) => name === models.chosen);
    if (engine.status === "asking" && model) {
      const asked = h("span", {}, rich("models.ask", { title: model.title }));
      const fetched = again(t("models.fetch", { size: size(model.bytes) }));
      return [h("p", { class: "sentence" }, icon("note"), asked), fetched];
    }
    const error = engine.status === "failed" ? engine.error : gallery.error;
    const refused = gallery.tiles.filter((tile) => tile.refused);
    return [
      error && bad(rich(`trouble.${error.code}`), ` ${t(`refusal.${error.reason}`, error.values)}`),
      engine.status === "failed" && again(t("engine.again")),
      ...refused.map((tile) =>
        bad(
          [h("strong", {}, `${nameOf(gallery.vary, tile.value)}:`)],
          ` ${t(`refusal.${tile.refused?.reason}`, tile.refused?.values)}`,
        ),
      ),
    ];
  };

  const update = () => {
    const { engine, gallery } = store.state;
    const { status, tiles } = gallery;
    const done = tiles.filter(({ latent }) => latent).length;
    const count = tiles.length;
    const waits = () => t(engine.status === "ready" ? "gallery.waits" : "progress.waiting");
    if (status === "empty") say(line, "");
    else say(line, status === "waiting" ? waits() : t(`gallery.${status}`, { done, count }));
    fill(troubles, wrong(store.state));
  };
  const finished = (/** @type {State} */ { gallery }) =>
    gallery.tiles.filter(({ latent, refused }) => latent ?? refused).length;
  store.subscribe(
    (state) => [
      state.engine.status,
      state.engine.error,
      state.gallery.status,
      state.gallery.error,
      finished(state),
    ],
    update,
    signal,
  );
  update();
}

/** @param {Node[]} what @param {string} why */
function bad(what, why) {
  return h("p", { class: "sentence bad" }, icon("stop"), h("span", {}, what, why));
}
