import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { beforeEach, test } from "node:test";
import { runInNewContext } from "node:vm";

const SCOPE = "https://museum.example/page/";
const CODE = await readFile(new URL("../../web/sw.js", import.meta.url), "utf-8");
const NEW = "the new words";
const OLD = "the old words";
const PATH = "text/en.json";

/** What the server and the caches on the way give, by the request's cache mode; and what was asked. */
let server;
let asked;
/** The service worker's cache: text by address. */
let kept;
let listeners;

beforeEach(() => {
  server = {};
  asked = [];
  kept = new Map();
  listeners = {};
  const hash = createHash("sha256").update(NEW).digest("hex").slice(0, 16);
  const self = {
    registration: { scope: SCOPE },
    PRECACHE: {
      version: "2",
      policy: "default-src 'self'",
      files: { [PATH]: { hash, bytes: NEW.length, onDemand: false } },
    },
    addEventListener: (kind, listener) => {
      listeners[kind] = listener;
    },
  };
  const cache = {
    match: async (key) => kept.has(key) && new Response(kept.get(key)),
    put: async (key, response) => kept.set(key, await response.text()),
  };
  runInNewContext(CODE, {
    self,
    importScripts() {},
    caches: { open: async () => cache, match: cache.match },
    fetch: async (_url, { cache: mode }) => {
      asked.push(mode);
      const text = server[mode];
      return text === undefined ? new Response("gone", { status: 404 }) : new Response(text);
    },
    Headers,
    Response,
    URL,
    crypto,
  });
});

/** @returns {Promise<Response>} what the page gets, when all that the service worker does besides is done */
async function answerTo(cache = "default") {
  const waiting = [];
  let answer;
  listeners.fetch({
    request: { method: "GET", cache, url: SCOPE + PATH },
    respondWith: (promise) => {
      answer = promise;
    },
    waitUntil: (promise) => waiting.push(promise),
  });
  await Promise.all([answer, ...waiting]);
  return answer;
}

const get = async (cache = "default") => (await answerTo(cache)).text();

/** @returns {Promise<{ all: boolean, stale: string[] }>} */
function keep() {
  return new Promise((done) => {
    const port = { postMessage: (outcome) => done(structuredClone(outcome)) };
    listeners.message({ data: { ask: "keep", paths: [] }, ports: [port], waitUntil() {} });
  });
}

const keptTexts = () => [...kept.values()];

test("what is right is kept, and the server is not asked again", async () => {
  server = { "no-cache": NEW };
  assert.equal(await get(), NEW);
  assert.equal(await get(), NEW);
  assert.deepEqual(asked, ["no-cache"]);
  assert.deepEqual(keptTexts(), [NEW]);
});

test("kept or fetched, an answer isolates the page and tells a worker its policy", async () => {
  server = { "no-cache": NEW };
  for (const { headers } of [await answerTo(), await answerTo()]) {
    assert.equal(headers.get("Cross-Origin-Embedder-Policy"), "require-corp");
    assert.equal(headers.get("Content-Security-Policy"), "default-src 'self'");
  }
});

test("a stale answer is asked for once more past the caches", async () => {
  server = { "no-cache": OLD, reload: NEW };
  assert.equal(await get(), NEW);
  assert.deepEqual(keptTexts(), [NEW]);
  assert.deepEqual(await keep(), { all: true, stale: [] });
});

test("an answer that stays stale is never kept under the new name, and is said", async () => {
  server = { "no-cache": OLD, reload: OLD };
  assert.equal(await get(), OLD);
  assert.deepEqual(await keep(), { all: false, stale: [PATH] });
  assert.deepEqual(keptTexts(), []);
  server = { "no-cache": NEW };
  assert.deepEqual(await keep(), { all: true, stale: [] });
  assert.deepEqual(keptTexts(), [NEW]);
});

test("a file that is gone is not called stale", async () => {
  assert.deepEqual(await keep(), { all: false, stale: [] });
  assert.deepEqual(keptTexts(), []);
});

test("whoever asks to reload is not answered from the cache", async () => {
  server = { "no-cache": NEW };
  await get();
  server = { reload: NEW };
  assert.equal(await get("reload"), NEW);
  assert.deepEqual(asked, ["no-cache", "reload"]);
});
