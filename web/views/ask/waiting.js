/**
 * Strengths whose word has left the prompt: each waits for its word, can be given it back, or be forgotten.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { State } from "../../types"
 */
import { split } from "../../state/gains.js";
import { number, t } from "../../text/text.js";
import { h, icon } from "../dom.js";

/**
 * @param {State} state
 * @param {Commands} send
 * @param {() => void} done called when one was restored or forgotten, for its button is gone then
 * @returns {HTMLElement[]} none while the prompt has not been read yet, for nobody knows its words then
 */
export function waiting({ settings, reading }, send, done) {
  if (reading?.prompt !== settings.prompt) return [];
  const gains = Object.entries(split(settings.gains, reading.words).waiting);
  if (gains.length === 0) return [];
  const restore = (/** @type {string} */ word) => {
    send.change({ prompt: `${settings.prompt.trimEnd()} ${word}`.trimStart() });
    done();
  };
  const forget = (/** @type {string} */ word) => {
    send.strengthen(word, 1);
    done();
  };
  const chips = gains.map(([word, gain]) =>
    h(
      "span",
      { class: "waiting" },
      h(
        "button",
        { class: "button small word-like", title: t("gain.restore", { word }), click: () => restore(word) },
        h("span", {}, word),
        h("span", { class: "num" }, gain === 0 ? t("gain.off") : `× ${number(gain, 1)}`),
      ),
      h(
        "button",
        { class: "tool", "aria-label": t("gain.forget", { word }), click: () => forget(word) },
        icon("close"),
      ),
    ),
  );
  return [h("p", { class: "quiet" }, t("gain.waiting")), h("div", { class: "choices" }, chips)];
}
