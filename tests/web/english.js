/** The page's English, for tests that read sentences. */
import { readFile } from "node:fs/promises";
import { loadText } from "../../web/text/text.js";

export async function english() {
  const { document, fetch } = globalThis;
  globalThis.document = /** @type {any} */ ({ documentElement: {} });
  globalThis.fetch = async (address) => new Response(await readFile(/** @type {URL} */ (address)));
  await loadText("en");
  Object.assign(globalThis, { document, fetch });
}
