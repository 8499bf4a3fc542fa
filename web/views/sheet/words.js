/**
 * Part 1: the words of the prompt, and the slots that their pieces fill.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { State } from "../../types"
 */

import { shownWords } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { h, set } from "../dom.js";

/**
 * @param {State} state
 * @param {Commands} send
 * @param {Element | null} there what stands in the sheet: of the same words it stays, and so does the focus in it
 */
export function words(state, send, there) {
  const shown = shownWords(state);
  const key = JSON.stringify(shown.map(({ text, tokens }) => [text, tokens]));
  const list = there instanceof HTMLElement && there.dataset.words === key ? there : build(shown, send, key);
  for (const [index, button] of list.querySelectorAll("button").entries())
    set(button, "aria-pressed", String(index === state.view.word));
  return [list];
}

/**
 * @param {ReturnType<typeof shownWords>} shown
 * @param {Commands} send
 * @param {string} key
 */
function build(shown, send, key) {
  const items = shown.map((word, index) =>
    h(
      "li",
      {},
      h("button", { class: "piece", click: () => send.choose(index) }, word.text),
      h("span", { class: "quiet" }, t("words.slots", { count: word.tokens.length })),
      h(
        "span",
        { class: "slot-names" },
        word.tokens.map((slot) => h("span", { class: "num" }, slot)),
      ),
    ),
  );
  return h("ol", { class: "pieces", "data-words": key }, items);
}
