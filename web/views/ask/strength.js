/**
 * The chosen word's strength in the dock of small screens, where its thread has no room for a rail, and the way to the
 * panel, which stands further down there.
 *
 * @import { Tools } from "../mounting.js"
 */
import { gainOf } from "../../state/gains.js";
import { busy, shownRun, shownWords } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { h, icon, say, set } from "../dom.js";

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function strength({ store, send, reach }, signal) {
  const name = h("span", { class: "stained" });
  const amount = h("output", { class: "quiet num" });
  const panel = h("button", { class: "to-panel", click: () => reach.go("panel") }, name, icon("down"));
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 2,
    step: 0.1,
    input: () => {
      const word = chosen();
      if (word) send.strengthen(word.text, Number(slider.value));
    },
  });
  const element = h("div", { class: "strength" }, panel, slider, amount);

  const chosen = () => {
    const { word } = store.state.view;
    return word === null ? undefined : shownWords(store.state)[word];
  };

  const update = () => {
    const word = chosen();
    element.hidden = !word || busy(store.state);
    if (!word) return;
    const value = gainOf(store.state.settings.gains, word.text);
    say(name, word.text);
    set(panel, "aria-label", t("strength.panel", { word: word.text }));
    set(slider, "aria-label", t("gain.label", { word: word.text }));
    slider.value = String(value);
    say(amount, value === 0 ? t("gain.off") : `× ${number(value, 1)}`);
  };
  store.subscribe(
    ({ runs, view, settings }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      view.word,
      settings.gains,
    ],
    update,
    signal,
  );
  update();
  return element;
}
