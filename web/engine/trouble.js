/**
 * What went wrong, as an error whose message is the sentence for the visitor.
 *
 * @import { Reason, Trouble } from "../types"
 */

import { speaks, t } from "../text/text.js";

export class EngineError extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(sentence(trouble));
    this.trouble = trouble;
  }
}

/** @param {Reason} said @returns {string} in the page's language; the mere code before its words are here */
export function sentence(said) {
  return speaks() ? t(`refusal.${said.reason}`, said.values) : said.reason;
}

/** @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  if (error instanceof EngineError) return error.trouble;
  const reason = String(error instanceof Error ? error.message : error)
    .trim()
    .split("\n")
    .at(-1);
  return { code: "unknown", reason: "engine-stopped", values: { reason: String(reason) } };
}
