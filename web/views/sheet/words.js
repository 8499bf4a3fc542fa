/**
 * Part 1: the words of the prompt, and the slots that their pieces fill.
 *
 * @import { Commands } from "../../commands.js"
 * @import { State } from "../../types"
 */
import { h } from "../dom.js";
import { shownWords } from "../shown.js";
import { t } from "../text.js";

/** @param {State} state @param {Commands} send */
export function words(state, send) {
  const items = shownWords(state).map((word, index) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          class: "piece",
          "aria-pressed": String(index === state.view.word),
          click: () => send.choose(index),
        },
        word.text,
      ),
      h("span", { class: "quiet" }, t("words.slots", { count: word.tokens.length })),
      h(
        "span",
        { class: "slot-names" },
        word.tokens.map((slot) => h("span", { class: "num" }, slot)),
      ),
    ),
  );
  return [h("ol", { class: "pieces" }, items)];
}
