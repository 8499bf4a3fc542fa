/**
 * Where the picture listens to a word: the maps of all words on one scale, the word's share over the steps, and the
 * same as a table.
 *
 * @import { Tools } from "../mounting.js"
 * @import { Frame } from "../../types"
 */
import { enlarge, extent, stain, stainScale, summary } from "../../paint/attention.js";
import { put, thumbnail } from "../../paint/canvas.js";
import { palette } from "../../paint/colour.js";
import { mapOf, shownFrame, shownPicture, shownRun } from "../../state/selectors.js";
import { shareOf, wordsPart } from "../../state/shares.js";
import { percent, rich, t } from "../../text/text.js";
import { fill, h, rem, s, say, set } from "../dom.js";

const FINE = 64;
const [LEAST_COLUMNS, MOST_COLUMNS] = [4, 7];

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {() => void} draws the panel
 */
export function mount(element, { store, send, reach }, signal) {
  const title = h("h2", { class: "panel-title" });
  const carry = h("button", { class: "tool carry", click: () => ask() }, t("listening.carry"));
  const lead = h("p", { class: "lead" });
  const multiples = h("div", { class: "multiples", role: "group", "aria-label": t("listening.all") });
  const parts = h("p", { class: "quiet" });
  const curve = h("div", { class: "share" });
  const once = h("button", { click: () => send.average(false) }, t("listening.step"));
  const mean = h("button", { click: () => send.average(true) });
  const segments = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("listening.which") },
    once,
    mean,
  );
  const ramp = h("canvas", { class: "ramp", "aria-hidden": "true" });
  const scale = h(
    "div",
    { class: "scale" },
    ramp,
    h("div", {}, h("span", {}, t("scale.none")), h("span", {}, t("scale.most"))),
  );
  const table = h("table");
  const tabled = h(
    "div",
    { class: "tabled", hidden: true, tabindex: 0, role: "region", "aria-label": t("table.label") },
    table,
  );
  const toggle = h(
    "button",
    { class: "button small", "aria-pressed": "false", click: () => show(tabled.hidden === true) },
    t("listening.table"),
  );
  element.append(
    h("header", {}, title, carry),
    lead,
    multiples,
    tabled,
    parts,
    curve,
    h("div", { class: "row" }, segments, toggle, scale),
  );

  /** @param {boolean} asTable */
  const show = (asTable) => {
    tabled.hidden = !asTable;
    multiples.hidden = asTable;
    curve.hidden = asTable;
    set(toggle, "aria-pressed", String(asTable));
    update();
  };

  const ask = () => {
    send.carry();
    requestAnimationFrame(() => reach.go("carries")); // once that part is open
  };

  const chosen = () => {
    const { word } = store.state.view;
    const frame = shownFrame(store.state);
    return word === null ? undefined : frame?.words[word];
  };

  const update = () => {
    const frame = shownFrame(store.state);
    const word = chosen();
    const { view } = store.state;
    const run = shownRun(store.state);
    if (element.hidden || !frame || !word || view.word === null) return;
    fill(title, t("listening.title"), " ", h("span", { class: "stained" }, word.text));
    const fine = fineMaps(frame, view.mean);
    const { covered } = summary(fine[view.word], FINE);
    fill(lead, rich("listening.lead", { share: percent(covered) }));
    const words = wordsPart(frame);
    say(parts, t("listening.parts", { words: percent(words), rest: percent(1 - words) }));
    say(mean, t("listening.mean", { count: frame.step }));
    set(once, "aria-pressed", String(!view.mean));
    set(mean, "aria-pressed", String(view.mean));
    put(ramp, stainScale(palette()));
    if (tabled.hidden) {
      paintMultiples(frame, fine);
      shareCurve(curve, run.frames, view.word, frame.step);
    } else fill(table, ...rows(frame, fine, view.word));
  };

  /** @param {Frame} frame @param {Float32Array[]} fine */
  const paintMultiples = (frame, fine) => {
    const { view } = store.state;
    const range = extent(...fine);
    const whole = shownPicture(store.state);
    if (!whole) return;
    const picture = thumbnail(whole);
    if (multiples.childElementCount !== frame.words.length) {
      // Two rows are in sight; on a phone four stand beside each other, however many there are.
      const columns = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, Math.ceil(frame.words.length / 2)));
      multiples.style.setProperty("--columns", String(columns));
      fill(
        multiples,
        frame.words.map((_, index) =>
          h(
            "button",
            { class: "multiple", click: () => send.choose(index) },
            h("canvas", { class: "soft", "aria-hidden": "true" }),
            h("span", {}, h("span", { class: "serif" }), h("span", { class: "quiet" })),
          ),
        ),
      );
    }
    for (const [index, button] of [...multiples.children].entries()) {
      const word = frame.words[index];
      const canvas = /** @type {HTMLCanvasElement} */ (button.firstElementChild);
      const { map, side } = mapOf(frame, index, view.mean);
      put(canvas, stain(picture, enlarge(map, side, picture.width), range, palette()));
      set(button, "aria-pressed", String(index === view.word));
      const [text, share] = /** @type {Element} */ (button.lastElementChild).children;
      say(text, word.text);
      say(share, percentFine(shareOf(frame, index)));
    }
  };

  store.subscribe(
    ({ runs, view }) => [shownRun({ runs }).frames, shownRun({ runs }).picture, view],
    update,
    signal,
  );
  return update;
}

/** @param {Frame} frame @param {boolean} mean */
function fineMaps(frame, mean) {
  return frame.words.map((_, index) => {
    const { map, side } = mapOf(frame, index, mean);
    return enlarge(map, side, FINE);
  });
}

/** A share, with a digit after the point where it is small. @param {number} share */
function percentFine(share) {
  return percent(share, share < 0.0995 ? 1 : 0);
}

/**
 * @param {HTMLElement} element
 * @param {Frame[]} frames
 * @param {number} word
 * @param {number} step
 */
function shareCurve(element, frames, word, step) {
  const shares = frames.map((frame) => shareOf(frame, word));
  const most = Math.max(...shares, 1e-9);
  const steps = frames[0].steps;
  const x = (/** @type {number} */ k) => 6 + (k * 288) / Math.max(1, steps - 1);
  const y = (/** @type {number} */ share) => 38 - (30 * share) / most;
  const label = t("share.text", {
    first: percentFine(shares[0]),
    last: percentFine(shares.at(-1) ?? 0),
    most: percentFine(most),
  });
  const dots = shares.map((share, k) =>
    s("circle", {
      class: k === step - 1 ? "here" : "dot on",
      cx: x(k).toFixed(1),
      cy: y(share).toFixed(1),
      r: k === step - 1 ? 5 : 2.8,
    }),
  );
  fill(
    element,
    h("p", {}, h("b", {}, t("share.title")), h("span", { class: "quiet" }, label)),
    s(
      "svg",
      {
        viewBox: "0 0 300 46",
        role: "img",
        "aria-label": `${t("share.title")}: ${label}`,
        style: `height:${rem(46)}`,
      },
      s("path", { class: "axis", d: "M0 42H300" }),
      s("path", {
        class: "share-line",
        d: `M${shares.map((share, k) => `${x(k).toFixed(1)} ${y(share).toFixed(1)}`).join("L")}`,
      }),
      ...dots,
    ),
  );
}

/**
 * The same numbers as the maps: for each word its share, how much of the picture it covers, and where it is strongest.
 * @param {Frame} frame
 * @param {Float32Array[]} fine
 * @param {number} chosen
 */
function rows(frame, fine, chosen) {
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      ["word", "share", "inside", "where"].map((name) => h("th", { scope: "col" }, t(`table.${name}`))),
    ),
  );
  const body = frame.words.map((word, index) => {
    const { covered, peak } = summary(fine[index], FINE);
    const third = (/** @type {number} */ v) => Math.min(2, Math.floor(v * 3));
    return h(
      "tr",
      { "aria-current": index === chosen ? "true" : false },
      h("th", { scope: "row", class: "serif" }, word.text),
      h("td", {}, percentFine(shareOf(frame, index))),
      h("td", {}, percent(covered)),
      h("td", {}, t(peak ? `where.${third(peak.y)}${third(peak.x)}` : "where.none")),
    );
  });
  return [head, h("tbody", {}, body)];
}
