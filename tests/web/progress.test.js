/** How a download says it stands: bytes that are here, the rate of the last seconds, and the time that is left. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Progress } from "../../web/device/progress.js";

/** @type {any[]} what a download of 1000 bytes, 200 of them here, says when 100 come a second; then it breaks for 10 s */
let told;
let now = 0;

beforeEach(() => {
  told = [];
  now = 0;
  const download = new Progress(
    { a: 200, b: 0 },
    1000,
    (stands) => told.push(stands),
    () => now,
  );
  for (let k = 0; k < 5; k++) {
    now += 500;
    download.arrived("b", 50);
  }
  now += 10_000;
  download.arrived("a", 50);
  download.stands("b", 0);
});

test("it begins with what is here and no rate yet", () => {
  assert.deepEqual(told[0], { bytes: 200, total: 1000, rate: null, remaining: null });
});

test("the rate counts what came over the network", () => {
  assert.deepEqual(told[5], { bytes: 450, total: 1000, rate: 100, remaining: 5.5 });
});

test("a pause slows the rate, and a file that is begun again is not here", () => {
  assert.equal(told[6].rate, 5);
  assert.equal(told[7].bytes, 250);
});

test("it reports ten times a second at most", () => {
  const said = /** @type {any[]} */ ([]);
  const download = new Progress(
    { a: 0 },
    10_000,
    (stands) => said.push(stands),
    () => now,
  );
  for (let k = 0; k < 1000; k++) {
    now += 1;
    download.arrived("a", 1);
  }
  assert.ok(said.length >= 8 && said.length <= 12, `${said.length}`);
});
