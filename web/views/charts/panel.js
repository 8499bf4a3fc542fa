/** A chart with its name over it, and the same numbers as a table under it. */
import { t } from "../../text/text.js";
import { fill, h, say } from "../dom.js";

/**
 * @typedef {object} Table
 * @property {string[]} head
 * @property {(string | number)[][]} rows the first of each names it
 */

/**
 * @param {string} title
 * @param {Element[]} content
 * @param {() => Table} table asked for when somebody opens it, and while it is open
 * @returns {{ element: HTMLElement, facts: HTMLElement, update: (words?: string) => void }} `facts`: a place beside the name;
 *   `update` when the numbers have changed, with what is said under the chart
 */
export function panel(title, content, table) {
  const facts = h("span", { class: "chart-facts" });
  const said = h("p", { class: "chart-words", hidden: true });
  const rows = h("table", {});
  const list = h("details", { class: "chart-table" }, h("summary", {}, t("listening.table")), rows);
  const write = () => {
    if (!list.open) return;
    const { head, rows: body } = table();
    fill(
      rows,
      h("caption", { class: "hush" }, title),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        body.map(([name, ...values]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, name),
            values.map((value) => h("td", { class: "num" }, value)),
          ),
        ),
      ),
    );
  };
  list.addEventListener("toggle", write);
  return {
    element: h(
      "section",
      { class: "chart", "aria-label": title },
      h("header", {}, h("h3", {}, title), facts),
      content,
      said,
      list,
    ),
    facts,
    update(words = "") {
      say(said, words);
      said.hidden = words === "";
      write();
    },
  };
}
