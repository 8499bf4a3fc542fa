/**
 * Part 2: the text encoder's slots, and which of them the prompt's words fill.
 *
 * @import { State } from "../../types"
 */

import { shownModel, shownWords } from "../../state/selectors.js";
import { number, rich, t } from "../../text/text.js";
import { h } from "../dom.js";

/** @param {State} state */
export function encoder(state) {
  const { view } = state;
  const model = shownModel(state);
  if (!model) return [];
  const length = model.text.length;
  /** @type {Map<number, { text: string, index: number }>} */
  const owners = new Map();
  const words = shownWords(state);
  for (const [index, word] of words.entries())
    for (const slot of word.tokens) owners.set(slot, { text: word.text, index });
  const end = Math.max(0, ...owners.keys()) + 1;
  const cells = Array.from({ length }, (_, slot) => {
    const owner = owners.get(slot);
    const name = owner?.text ?? (slot === 0 ? t("encoder.start") : slot === end ? t("encoder.end") : "");
    const kind = owner ? "filled" : name ? "special" : "empty";
    return h(
      "li",
      { class: `slot-cell ${kind}`, "data-on": owner?.index === view.word && view.word !== null },
      h("small", {}, slot),
      name,
    );
  });
  return [
    h("ol", { class: "slots" }, cells),
    h(
      "p",
      { class: "quiet" },
      rich("encoder.numbers", {
        slots: length,
        width: model.text.width,
        all: number(length * model.text.width),
      }),
    ),
  ];
}
