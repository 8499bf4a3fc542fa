/** SHA-256 where the browser has none: on pages that came over plain http from another machine. */
import assert from "node:assert/strict";
import { createHash, webcrypto } from "node:crypto";
import { afterEach, test } from "node:test";
import { Sha256, sha256 } from "../../web/device/digest.js";

const LENGTHS = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003];
const expected = (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest("hex");
const content = (/** @type {number} */ length) =>
  Uint8Array.from({ length }, (_, k) => (k * 31 + length) % 251);

const here = (/** @type {unknown} */ crypto) =>
  Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
afterEach(() => here(webcrypto));

for (const [where, crypto] of [
  ["on a secure page", webcrypto],
  ["elsewhere", {}],
])
  test(`a file's digest ${where}`, async () => {
    here(crypto);
    for (const length of LENGTHS)
      assert.equal(await sha256(new Blob([content(length)])), expected(content(length)), `${length}`);
  });

test("pieces of any length give the digest of the whole", () => {
  const whole = content(1000);
  for (const piece of [1, 7, 63, 64, 65, 200]) {
    const hash = new Sha256();
    for (let at = 0; at < whole.length; at += piece) hash.update(whole.subarray(at, at + piece));
    assert.equal(Buffer.from(hash.digest()).toString("hex"), expected(whole));
  }
});
