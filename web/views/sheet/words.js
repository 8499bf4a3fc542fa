/**
 * Part 1: the words of the prompt, and the slots that their pieces fill.
 *
 * @import { Commands } from "../../commands.js"
 * @import { State } from "../../types"
 */
import { h } from "../dom.js";
import { shownWords } from "../shown.js";
import { percent, t } from "../text.js";

/** @param {State} state @param {Commands} send */
export function words(state, send) {
  const rows = shownWords(state).map((word, index) =>
    h(
      "tr",
      { "aria-current": index === state.view.word ? "true" : false },
      h(
        "th",
        { scope: "row" },
        h(
          "button",
          {
            class: "button small word-like",
            "aria-pressed": String(index === state.view.word),
            click: () => send.choose(index),
          },
          word.text,
        ),
      ),
      h("td", { class: "num" }, word.tokens.join(", ")),
      h("td", {}, word.share === null ? "" : percent(word.share)),
    ),
  );
  const head = ["word", "slots", "share"].map((name) => h("th", { scope: "col" }, t(`table.${name}`)));
  return [h("table", { class: "short" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows))];
}
