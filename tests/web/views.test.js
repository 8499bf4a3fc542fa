/** The list of views, their style sheets, and what keeps one view out of another's. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Reach } from "../../web/views/reach.js";
import { VIEWS } from "../../web/views/views.js";

const WEB = new URL("../../web/", import.meta.url).pathname;
const read = (path) => readFileSync(WEB + path, "utf-8");
const find = (ending, ...folders) =>
  folders.flatMap((folder) =>
    readdirSync(WEB + folder, { recursive: true })
      .filter((path) => path.endsWith(ending))
      .map((path) => `${folder}/${path}`),
  );

/** The rules of a sheet, or of what stands in a rule: `[selector or at-rule, content]`; content is null for a statement. */
function rules(css) {
  const text = css.replace(/\/\*.*?\*\//gs, "");
  const found = [];
  for (let at = 0; at < text.length; ) {
    const [whole, head, mark] = text.slice(at).match(/^([^{};]*)([{};]|$)/) ?? ["", ""];
    at += whole.length || 1;
    if (mark !== "{") {
      if (head.trim()) found.push([head.trim(), null]);
      continue;
    }
    const from = at;
    for (let depth = 1; depth > 0; at++) depth += { "{": 1, "}": -1 }[text[at]] ?? 0;
    found.push([head.trim(), text.slice(from, at - 1)]);
  }
  return found;
}

const ORDER = rules(read("style/layers.css"))[0][0].replace("@layer ", "").split(", ");
const SHEETS = find(".css", "style", "views", "rooms");

test("the order of the layers is said once, and every rule lies in one", () => {
  assert.deepEqual(ORDER, ["tokens", "base", "pieces", "page", "views"]);
  for (const path of SHEETS) {
    if (path === "style/layers.css") continue;
    const outer = rules(read(path));
    assert.equal(outer.length, 1, `${path} has more than its layer`);
    const [, name] = outer[0][0].match(/^@layer (\w+)$/) ?? [];
    assert.ok(ORDER.includes(name), `${path}: ${outer[0][0]}`);
    assert.equal(name === "views", !path.startsWith("style/"), path);
  }
});

test("every view's sheets style what is under its root, and no other", () => {
  for (const { name, style = [] } of VIEWS) {
    for (const path of style) {
      for (const [selector] of rules(rules(read(path))[0][1])) {
        const own = selector === `.${name}` || selector.startsWith(`.${name} `);
        assert.ok(own || selector.startsWith("@keyframes "), `${path}: ${selector}`);
      }
    }
  }
  assert.deepEqual(VIEWS.flatMap(({ style = [] }) => style).sort(), find(".css", "views").sort());
});

test("no view searches the page for elements: what it needs is given to it", () => {
  // mounting.js finds index.html's places; popover.js asks the browser whether any sheet is open.
  const may = ["views/mounting.js", "views/popover.js"];
  for (const path of find(".js", "views", "rooms").filter((one) => !may.includes(one))) {
    const search =
      /document\s*\.(querySelector|getElement)|\bbody\.querySelector|\.(parentElement|closest)\b/;
    const line = read(path)
      .split("\n")
      .find((one) => search.test(one) && !ALLOWED.test(one));
    assert.equal(line, undefined, path);
  }
});

/** What looks up from a view's own element, or at where a key was pressed. */
const ALLOWED = /target\.closest\(|\(list\.parentElement\)\.getBoundingClientRect\(\)/;

test("who asks by name is led the first way that is open, and none that has ended", () => {
  const reach = new Reach();
  const gone = [];
  const [first, second] = [new AbortController(), new AbortController()];
  let open = false;
  reach.offer("prompt", () => open && gone.push("first"), first.signal);
  reach.offer("prompt", () => void gone.push("second"), second.signal);
  assert.equal(reach.go("prompt"), true);
  open = true;
  assert.equal(reach.go("prompt"), true);
  second.abort();
  first.abort();
  assert.equal(reach.go("prompt"), false);
  assert.equal(reach.go("nowhere"), false);
  assert.deepEqual(gone, ["second", "first"]);
});
