/**
 * What the chosen word causes, under the words: what it carries, what it does at another strength, and all words against
 * all the padding.
 *
 * @import { Tools } from "../mounting.js"
 */
import { numberOf } from "../../state/parts.js";
import { shownModel, shownRun, shownWords } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { h, say } from "../dom.js";
import { louder } from "./louder.js";
import { trial } from "./trial.js";

const WORDS = numberOf("words");

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function causes(tools, signal) {
  const { store } = tools;
  const none = h("p", { class: "quiet" }, t("causes.none"));
  const leak = h("p", { class: "quiet" });
  const [carried, strength, all] = [trial("word", tools), louder(tools, signal), trial("all", tools)];
  const element = h("div", { class: "causes" }, none, leak, carried.element, strength.element, all.element);

  const update = () => {
    const { view } = store.state;
    if (view.part !== WORDS) return; // what nobody sees is not kept up
    const word = view.word === null ? null : (shownWords(store.state)[view.word]?.text ?? null);
    none.hidden = word !== null;
    carried.element.hidden = strength.element.hidden = word === null;
    const known = shownModel(store.state)?.slots;
    leak.hidden = word === null || !known?.leak;
    if (known?.leak) {
      const { off = 0, deleted = 0 } = known;
      say(leak, t(`leak.${known.leak}`, { off: number(off), deleted: number(deleted) }));
    }
    carried.update(word);
    strength.update(word);
    all.update(null);
  };
  store.subscribe(
    ({ runs, view, reading, causes, settings }) => [
      shownRun({ runs }),
      view.part,
      view.word,
      view.worn,
      reading,
      causes,
      settings.gains,
    ],
    update,
    signal,
  );
  update();
  return element;
}
