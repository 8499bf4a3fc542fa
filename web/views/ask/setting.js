/** A setting's button: its name over its value. */

import { t } from "../../text/text.js";
import { h } from "../dom.js";

/**
 * @param {string} name
 * @param {string} [label] accessible name in place of the visible one
 */
export function setting(name, label) {
  const value = h("span", { class: "value" });
  const button = h(
    "button",
    { class: "setting", "data-setting": name },
    h(
      "span",
      { class: "setting-name" },
      label ? h("span", { "aria-hidden": "true" }, t(`setting.${name}`)) : t(`setting.${name}`),
    ),
    label ? h("span", { class: "hush" }, `${label} `) : null,
    value,
  );
  return { button, value };
}
