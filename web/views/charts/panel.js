/** A chart with its name over it, which can be read as a table in its place. */
import { t } from "../../text/text.js";
import { fill, h, say, set } from "../dom.js";

/**
 * @typedef {object} Table
 * @property {string[]} head
 * @property {(string | number)[][]} rows the first of each names it
 */

/**
 * @param {string} title
 * @param {Element[]} content
 * @param {() => Table} table asked for while somebody reads it
 * @returns {{ element: HTMLElement, facts: HTMLElement, update: (words?: string) => void }} `facts`: a place beside the name;
 *   `update` when the numbers have changed, with what is said under the chart
 */
export function panel(title, content, table) {
  const facts = h("span", { class: "chart-facts" });
  const said = h("p", { class: "chart-words", hidden: true });
  const rows = h("table", {}, h("caption", { class: "hush" }, title));
  const list = h(
    "div",
    { class: "chart-table", role: "region", "aria-label": title, tabindex: 0, hidden: true },
    rows,
  );
  const drawing = h("div", {}, content);
  const turn = () => {
    list.hidden = !list.hidden;
    drawing.hidden = !list.hidden;
    set(button, "aria-pressed", String(!list.hidden));
    write();
  };
  const button = h(
    "button",
    { class: "chart-turn", "aria-pressed": "false", click: turn },
    t("listening.table"),
  );
  const row = (/** @type {(string | number)[]} */ [name, ...values]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      values.map((value) => h("td", { class: "num" }, value)),
    );
  const write = () => {
    if (list.hidden) return;
    const { head, rows: body } = table();
    const names = head.map((name) => h("th", { scope: "col" }, name));
    fill(rows, rows.caption, h("thead", {}, h("tr", {}, names)), h("tbody", {}, body.map(row)));
  };
  const header = h("header", {}, h("h3", {}, title), facts, button);
  return {
    element: h("section", { class: "chart", "aria-label": title }, header, drawing, list, said),
    facts,
    update(words = "") {
      say(said, words);
      said.hidden = words === "";
      write();
    },
  };
}
