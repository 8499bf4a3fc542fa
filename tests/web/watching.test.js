/** PyScript's observer of the document, kept and switched off, and nobody else's. */
import assert from "node:assert/strict";
import { test } from "node:test";

class Observer {
  targets = [];
  observe(target) {
    this.targets.push(target);
  }
  disconnect() {
    this.targets = [];
  }
}
globalThis.MutationObserver = Observer;
globalThis.document = { name: "the document" };
const { keepObservers, watching } = await import("../../web/engine/watching.js");

test("what a module observes of the document is switched off and on; other observers go on", async () => {
  const [theirs, panel, later] = [new Observer(), new Observer(), new Observer()];
  const { observe } = Observer.prototype;
  const loaded = await keepObservers(async () => {
    theirs.observe(document);
    panel.observe({ name: "a panel" });
    return "the module";
  });
  later.observe(document);
  assert.equal(loaded, "the module");
  assert.equal(Observer.prototype.observe, observe);
  watching(false);
  assert.deepEqual(
    [theirs, panel, later].map(({ targets }) => targets.length),
    [0, 1, 1],
  );
  watching(true);
  assert.deepEqual(theirs.targets, [document]);
  await assert.rejects(
    keepObservers(() => Promise.reject(new Error("no network"))),
    /no network/,
  );
  assert.equal(Observer.prototype.observe, observe);
});
