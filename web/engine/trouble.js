/**
 * What went wrong, as an error that carries the sentence for the visitor.
 *
 * @import { Trouble } from "../types"
 */

export class EngineError extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

/** @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  if (error instanceof EngineError) return error.trouble;
  const reason = String(error instanceof Error ? error.message : error)
    .trim()
    .split("\n")
    .at(-1);
  return { code: "unknown", message: `The engine stopped (${reason}): start it again, or reload the page.` };
}
