/** Messages, numbers and lists, in English and as another language's one file has them. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** Just enough of a document for marks. */
class Part {
  constructor(tag, ...children) {
    Object.assign(this, { tag, children });
  }
  append(...children) {
    this.children.push(...children);
  }
}
globalThis.document = {
  documentElement: {},
  createElement: (tag) => new Part(tag),
  createTextNode: (text) => text,
};
const LANGUAGES = {
  en: {
    all: "{time}, {count, plural, one {1 step} other {# steps}}",
    found: "It is <strong>{word}</strong>, *so* there",
    "time.seconds": "{count} s",
    "time.minutes": "{count} min",
    "time.hours": "{count} h",
  },
  pl: { all: "{count, plural, one {# krok} few {# kroki} other {# kroków}}" },
  tr: {},
  fr: {},
};
globalThis.fetch = async (address) => {
  const words = LANGUAGES[/(\w+)\.json$/.exec(address.href)[1]];
  return words ? Response.json(words) : new Response("", { status: 404 });
};
const { duration, has, list, loadText, number, percent, rich, seconds, size, t } = await import(
  "../../web/text/text.js"
);

beforeEach(() => loadText("en"));

test("a message takes its values and its plural", () => {
  assert.equal(t("all", { time: "3 s", count: 1 }), "3 s, 1 step");
  assert.equal(t("all", { time: "3 s", count: 2 }), "3 s, 2 steps");
});

test("a key or a value that is missing is said, and so is a language", async () => {
  assert.throws(() => t("nowhere"), /text\/en\.json has no "nowhere"/);
  assert.throws(() => t("all", { count: 1 }), /time/);
  assert.equal(has("nowhere"), false);
  await assert.rejects(loadText("xx"), /"xx" could not be loaded/);
});

test("marks of the language become elements, marks in values stay text", () => {
  const said = rich("found", { word: "<em>red</em> **car**" });
  const strong = new Part("strong", "<em>red</em> **car**");
  assert.deepEqual(said, ["It is ", strong, ", *so* there"]);
});

test("numbers, shares, sizes and times in English", () => {
  assert.deepEqual(
    [number(-1234.5, 1), percent(0.455), percent(0.0432, 1)],
    ["−1,234.5", "46\u202f%", "4.3\u202f%"],
  );
  assert.deepEqual(
    [size(1.5e6), size(15.7e6), size(999.6e6), size(12e9)],
    ["1.5 MB", "16 MB", "1.0 GB", "12 GB"],
  );
  assert.deepEqual([seconds(1040), seconds(12_400)], ["1.0 s", "12 s"]);
  assert.deepEqual([duration(3), duration(91), duration(9000)], ["3 s", "2 min", "2.5 h"]);
  assert.deepEqual([list(["a", "b", "c"]), list(["a", "b", "c"], "unit")], ["a, b, and c", "a, b, c"]);
});

test("another language brings its own plurals, signs and units", async () => {
  await loadText("pl");
  assert.deepEqual(
    [1, 3, 5].map((count) => t("all", { count })),
    ["1 krok", "3 kroki", "5 kroków"],
  );
  await loadText("fr");
  assert.deepEqual([size(1.5e6).replace(/\s/u, " "), percent(0.45)], ["1,5 Mo", "45\u202f%"]);
  await loadText("tr");
  assert.equal(percent(0.45), "%45");
});
