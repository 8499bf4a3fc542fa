import assert from "node:assert/strict";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { PythonWorker } from "../../web/engine/worker.js";
import { english } from "./english.js";

before(english);

/** A page with a PyScript that makes no worker of a script: the tests do, or nobody does. */
const page = await mkdtemp(join(tmpdir(), "page-"));
await mkdir(join(page, "vendor/pyscript"), { recursive: true });
const PYSCRIPT = `
export const hooks = { worker: { onBeforeRunAsync: new Set() } };
export const whenDefined = async () => {};
`;
await writeFile(join(page, "vendor/pyscript/core.js"), PYSCRIPT);

/** What PyScript makes of a script. */
class Worker extends EventTarget {
  sync = { generate: () => new Promise(() => {}) };
  terminated = false;
  #begin;
  ready = new Promise((done) => {
    this.#begin = done;
  });

  begin() {
    this.#begin();
  }

  terminate() {
    this.terminated = true;
  }

  fail(message) {
    this.dispatchEvent(Object.assign(new Event("error"), { message }));
  }
}

let script;

globalThis.MutationObserver = class {
  observe() {}
  disconnect() {}
};

beforeEach(() => {
  script = {
    attributes: {},
    setAttribute(name, value) {
      this.attributes[name] = value;
    },
    remove() {},
    xworker: null,
  };
  globalThis.document = {
    baseURI: pathToFileURL(`${page}/`).href,
    createElement: () => script,
    body: { append() {} },
  };
});

const soon = () => new Promise((done) => setTimeout(done, 30));

test("an error after the start reaches the page as trouble", async () => {
  const heard = [];
  const python = new PythonWorker((message) => heard.push(message));
  script.xworker = new Worker();
  const started = python.start();
  await soon();
  script.xworker.begin();
  assert.equal(await started, script.xworker.sync);
  script.xworker.fail("boom");
  assert.deepEqual(heard, [
    {
      kind: "trouble",
      code: "unknown",
      reason: "engine-stopped",
      values: { reason: "boom" },
    },
  ]);
});

test("an error during the start refuses it, and is said once", async () => {
  const heard = [];
  const python = new PythonWorker((message) => heard.push(message));
  script.xworker = new Worker();
  const started = python.start();
  setTimeout(() => script.xworker.fail("boom"), 30);
  await assert.rejects(started, /boom/);
  assert.deepEqual(heard, []);
});

for (const [what, worker] of [
  ["PyScript makes no worker", () => null],
  ["Python does not come up", () => new Worker()],
])
  test(`the start ends with a sentence where ${what}`, { timeout: 5000 }, async () => {
    const python = new PythonWorker(() => {}, { patience: 50 });
    script.xworker = worker();
    await assert.rejects(python.start(), /^Error: Python did not start within .* start again/);
    python.end();
    if (script.xworker) assert.ok(script.xworker.terminated);
  });

test("a worker that is made after the end is ended too, and nobody looks for one for ever", async () => {
  const python = new PythonWorker(() => {}, { patience: 50 });
  let settled = false;
  python.start().finally(() => {
    settled = true;
  });
  await soon();
  python.end();
  script.xworker = new Worker();
  await new Promise((done) => setTimeout(done, 100));
  assert.ok(script.xworker.terminated);
  assert.ok(!settled);
});

test("PyScript is told an absolute address of Python, and the backend that was chosen", async () => {
  const python = new PythonWorker(() => {}, { backend: "webgpu", patience: 50 });
  await assert.rejects(python.start());
  const { interpreter } = JSON.parse(script.attributes.config);
  assert.equal(interpreter, `${document.baseURI}python.js#webgpu`);
});
