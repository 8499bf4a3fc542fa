/**
 * The switch between the lenses, and in a sentence what is seen through the one that is chosen.
 *
 * @import { Tools } from "./mounting.js"
 */
import { LENSES, shownLens } from "../state/lenses.js";
import { shownFrame, shownModel } from "../state/selectors.js";
import { t } from "../text/text.js";
import { h, say } from "./dom.js";

let count = 0;

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {{ choice: HTMLElement, sentence: HTMLElement }}
 */
export function lensSwitch({ store, send }, signal) {
  const group = `lens-${++count}`;
  const radios = LENSES.map((lens) =>
    h("input", { type: "radio", name: group, value: lens, change: () => send.see(lens) }),
  );
  const choice = h(
    "div",
    { class: "lenses", role: "radiogroup", "aria-label": t("lens.label") },
    radios.map((radio) => h("label", {}, radio, h("span", {}, t(`lens.${radio.value}`)))),
  );
  const sentence = h("p", { class: "quiet lens-why" });

  const update = () => {
    const frame = shownFrame(store.state);
    const lens = shownLens(store.state);
    for (const radio of radios) {
      radio.checked = radio.value === lens;
      radio.disabled = radio.value === "attention" && frame?.words.length === 0;
    }
    const word = frame?.words[store.state.view.word ?? 0]?.text ?? "";
    const { width = 0, height = 0 } = shownModel(store.state)?.latent ?? {};
    say(sentence, t(`lens.${lens}.why`, { word, width, height }));
  };
  store.subscribe((state) => [shownFrame(state)?.words, shownModel(state), state.view], update, signal);
  update();
  return { choice, sentence };
}
