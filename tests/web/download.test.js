/** The download by itself, into memory, from a server that breaks off, lies or has nothing. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, mock, test } from "node:test";
import { Download } from "../../web/device/download.js";
import { MemoryFolder } from "../../web/device/memory.js";

const SIZE = 1000;
const CONTENT = Uint8Array.from({ length: SIZE }, (_, k) => k % 251);
const FILE = { bytes: SIZE, sha256: createHash("sha256").update(CONTENT).digest("hex") };

/** @type {{ path: string, range: string | null, cache: string | undefined }[]} */
let asked;
/** @type {any[]} */
let told;
/** @type {{ cuts: number[], spoilt: number, ranges: boolean, status: number }} what the server does */
let server;

/** Some bytes, after which the connection breaks where they are not all. @param {Uint8Array} bytes @param {number} [cut] */
function body(bytes, cut) {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (!given) controller.enqueue(bytes.slice(0, cut ?? bytes.length));
      else if (cut === undefined) controller.close();
      else controller.error(new TypeError("network"));
      given = true;
    },
  });
}

beforeEach(() => {
  asked = [];
  told = [];
  server = { cuts: [], spoilt: 0, ranges: true, status: 200 };
  globalThis.fetch = async (address, { headers, cache } = {}) => {
    const range = new Headers(headers).get("Range");
    asked.push({ path: `${address}`.replace("http://host/model/", ""), range, cache });
    if (server.status !== 200) return new Response(null, { status: server.status });
    const first = server.ranges && range ? Number(range.match(/\d+/)?.[0]) : 0;
    const bytes = CONTENT.slice(first);
    if (server.spoilt-- > 0) bytes[0] ^= 1;
    const said = first ? { "Content-Range": `bytes ${first}-${SIZE - 1}/${SIZE}` } : undefined;
    return new Response(body(bytes, server.cuts.shift()), { status: first ? 206 : 200, headers: said });
  };
});

function download(files = { "a.bin": FILE }, folder = new MemoryFolder()) {
  return new Download("http://host/model/", files, folder, (stands) => told.push(stands));
}

const ranges = () => asked.map(({ range }) => range);
const bytes = async (/** @type {Blob} */ file) => new Uint8Array(await file.arrayBuffer());

test("it goes on where it broke off", async () => {
  server.cuts = [300, 200];
  const { "a.bin": file } = await download().load(["a.bin"]);
  assert.deepEqual(await bytes(file), CONTENT);
  assert.deepEqual(ranges(), [null, "bytes=300-", "bytes=500-"]);
  assert.equal(told[0].bytes, 0);
  assert.equal(told[0].total, SIZE);
});

test("a host without ranges is taken from the start", async () => {
  server.cuts = [300];
  server.ranges = false;
  const { "a.bin": file } = await download().load(["a.bin"]);
  assert.deepEqual(await bytes(file), CONTENT);
  assert.deepEqual(ranges(), [null, "bytes=300-"]);
});

test("a wrong file is fetched once more, past the caches, and then given up", async () => {
  server.spoilt = 1;
  await download().load(["a.bin"]);
  assert.deepEqual(
    asked.map(({ cache }) => cache),
    ["default", "reload"],
  );
  server.spoilt = 2;
  await assert.rejects(download().load(["a.bin"]), { code: "damaged-file", values: { file: "a.bin" } });
});

test("a file that is not there is named at once", async () => {
  server.status = 404;
  await assert.rejects(download().load(["a.bin"]), { code: "missing-file", values: { file: "a.bin" } });
  assert.equal(asked.length, 1);
});

test("a line that stays broken is given up after some pauses, and what has arrived is gone on with later", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const folder = new MemoryFolder();
  server.cuts = [300, 0, 0, 0, 0, 0];
  const failed = assert.rejects(download(undefined, folder).load(["a.bin"]), { code: "network" });
  for (let k = 0; k < 40; k++) {
    mock.timers.tick(1000);
    await new Promise(setImmediate);
  }
  await failed;
  mock.timers.reset();
  server.cuts = [];
  asked = [];
  await download(undefined, folder).load(["a.bin"]);
  assert.deepEqual(ranges(), ["bytes=300-"]);
  assert.equal(told.at(-1).bytes, SIZE);
});

test("two paths of the same content are one file", async () => {
  const files = await download({ "a.bin": FILE, "b.bin": FILE }).load(["a.bin", "b.bin"]);
  assert.equal(asked.length, 1);
  assert.deepEqual(Object.keys(files).sort(), ["a.bin", "b.bin"]);
});

test("too little room is said before anything is fetched", async () => {
  const folder = Object.assign(new MemoryFolder(), { room: async () => 999 });
  const failed = download(undefined, folder).load(["a.bin"]);
  await assert.rejects(failed, { code: "quota", reason: "room", values: { need: SIZE, free: 999 } });
  assert.deepEqual(asked, []);
});
