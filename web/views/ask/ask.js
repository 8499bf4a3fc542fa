/**
 * What a visitor asks for: the prompt, its settings, and what can be done now.
 *
 * @import { Tools } from "../mounting.js"
 */
import { h } from "../dom.js";
import * as actions from "./actions.js";
import * as prompt from "./prompt.js";
import * as settings from "./settings.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  for (const [name, view] of Object.entries({ field: prompt, settings, actions })) {
    const place = h("div", { id: name, class: name });
    element.append(place);
    view.mount(place, tools, signal);
  }
}
