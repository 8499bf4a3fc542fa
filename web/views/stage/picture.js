/**
 * What hangs in the frame, on its mat: the step on show, through the chosen lens.
 *
 * @import { Lens } from "../../types"
 * @import { Tools } from "../mounting.js"
 * @import { Geometry } from "./geometry.js"
 */
import { contour, enlarge, summary, threshold } from "../../paint/attention.js";
import { paintSight } from "../../paint/lens.js";
import { canDecode, frameBefore, shownLens, sightOf } from "../../state/lenses.js";
import { numberOf } from "../../state/parts.js";
import {
  atTheEnd,
  mapOf,
  shownFrame,
  shownModel,
  shownRun,
  shownSettings,
  stale,
} from "../../state/selectors.js";
import { numbered } from "../../state/steps.js";
import { percent, rich, t } from "../../text/text.js";
import { fill, h, rem, s, say, set } from "../dom.js";
import { namePart } from "../part.js";

const FINE = 64; // cells across for the line
const DECODER = numberOf("decoder");

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {() => import("./sockets.js").Socket[]} socketsOf
 * @param {AbortSignal} signal
 */
export function mount(element, tools, socketsOf, signal) {
  const { store, send } = tools;
  const canvas = h("canvas", { role: "img" });
  const press = h("button", {
    class: "press",
    click: () => (shownLens(store.state) === "changed" ? send.see("held") : send.toggleAttention()),
  });
  const decode = h(
    "button",
    { class: "decode", click: () => send.decode(!store.state.view.decoded) },
    h("span", {}, t("picture.decode")),
  );
  const tag = h("span", { class: "tag" });
  const again = h(
    "button",
    { class: "again", hidden: true, click: () => send.generate() },
    h("span", {}, t("picture.stale")),
    " ",
    h("b", {}, t("picture.again")),
  );
  const caption = h("span", { class: "caption-text" });
  const decoder = h(
    "button",
    { class: "decoder", "data-part": DECODER, click: () => send.open(DECODER) },
    h("i", { class: "part-number", "aria-hidden": "true" }, DECODER),
    h("span", { class: "name" }, t(`part.${DECODER}`)),
  );
  const image = h("div", { class: "picture" }, canvas, press, decode, tag, again);
  const foot = h("div", { class: "caption" }, caption, decoder);
  const mat = h("div", { class: "mat" }, image, foot);
  const over = s("svg", { class: "layer over", "aria-hidden": "true" });
  element.append(mat, over);

  /** @type {Geometry | null} */
  let geometry = null;
  let unit = 1;

  /** @returns {"none" | "finished" | Lens} what is seen, as the texts name it */
  const seen = () => {
    const lens = shownLens(store.state);
    if (!shownFrame(store.state)) return "none";
    return atTheEnd(store.state) && (lens === "held" || lens === "foreseen") ? "finished" : lens;
  };

  /** What a sentence about the frame on show speaks of. @returns {Record<string, string | number>} */
  const facts = () => {
    const frame = shownFrame(store.state);
    if (!frame) return {};
    const run = shownRun(store.state);
    const { words, noiseLeft } = frame;
    const before = frameBefore(run, frame);
    const word = words[store.state.view.word ?? 0]?.text ?? "";
    return {
      ...numbered(run, frame),
      count: frame.steps,
      before: before ? numbered(run, before).step : 0,
      word,
      noise: percent(noiseLeft),
    };
  };

  const name = () => {
    const what = seen();
    if (what === "finished") return shownSettings(store.state).prompt.trim() || t("prompt.none");
    return t(what === "none" ? "picture.none" : `picture.${what}.name`, facts());
  };

  /** A second line under the picture: of which kind it is. @returns {string} */
  const detail = () => {
    const frame = shownFrame(store.state);
    const what = seen();
    if (what === "held") return t("picture.held.noise", facts());
    if (what === "changed")
      return t(facts().before ? "picture.changed.since" : "picture.changed.first", facts());
    const by = frame?.drawnBy ?? "vae_decoder";
    if (what !== "foreseen" || by === "vae_decoder") return "";
    const error = by === "latent_rgb" ? shownModel(store.state)?.errors?.latent_rgb : undefined;
    return error === undefined
      ? t(`picture.by.${by}`)
      : t(`picture.by.${by}.error`, { error: percent(error) });
  };

  const captionOf = () => {
    const small = detail();
    return [...rich(`picture.${seen()}`, facts()), small && h("small", { class: "quiet estimate" }, small)];
  };

  /** The decoder's arrow, the line round the word's place, and the chosen thread's end. */
  const overlay = () => {
    if (!geometry) return;
    const { picture, mat: box } = geometry;
    const parts = [];
    if (geometry.kind === "wide") {
      const x = picture.x + picture.width - 7;
      const top = picture.y + picture.height + 5;
      parts.push(
        s("path", {
          class: "arrow",
          d: `M${x} ${box.y + box.height + 12}V${top}M${x - 5} ${top + 5}l5 -6 5 6`,
        }),
      );
    }
    const frame = shownFrame(store.state);
    const { word, mean } = store.state.view;
    if (frame && word !== null && frame.words[word]) {
      const { map, side } = mapOf(frame, word, mean);
      const fine = enlarge(map, side, FINE);
      if (shownLens(store.state) === "attention") {
        const d = contour(fine, FINE, threshold(fine));
        const place = `translate(${picture.x} ${picture.y}) scale(${picture.width})`;
        parts.push(
          s("path", { class: "contour casing", d, transform: place }),
          s("path", { class: "contour", d, transform: place }),
        );
      }
      const { peak } = summary(fine, FINE);
      if (peak)
        parts.push(...thread(picture.x + peak.x * picture.width, picture.y + peak.y * picture.height, word));
    }
    over.replaceChildren(...parts);
  };

  /** @param {number} x @param {number} y @param {number} word */
  const thread = (x, y, word) => {
    if (!geometry || geometry.kind === "bare") return [];
    const entry = socketsOf()[word]?.entry;
    if (entry === undefined) return [];
    const { mat: box } = geometry;
    const bend = Math.max(24, Math.abs(x - box.x) * 0.45);
    const fall = Math.max(24, Math.abs(y - box.y) * 0.45);
    const d =
      geometry.kind === "wide"
        ? `M${box.x - 2} ${entry}C${box.x + bend} ${entry} ${x - bend} ${y} ${x} ${y}`
        : `M${entry} ${box.y - 2}C${entry} ${box.y + fall} ${x} ${y - fall} ${x} ${y}`;
    return [
      s("path", { class: "chosen casing", d }),
      s("path", { class: "chosen", d }),
      s("circle", { class: "chosen-end", cx: x, cy: y, r: 6.5 }),
    ];
  };

  const paint = () => {
    if (!geometry) return;
    const frame = shownFrame(store.state);
    const { view } = store.state;
    const lens = shownLens(store.state);
    canvas.hidden = frame === null;
    if (frame) paintSight(canvas, sightOf(shownRun(store.state), frame, view), geometry.picture.width * unit);
    set(canvas, "aria-label", name());
    fill(caption, captionOf());
    press.hidden = lens !== "changed" && view.word === null;
    set(press, "aria-label", t(lens === "changed" ? "picture.press.changed" : "picture.press.attention"));
    set(press, "aria-pressed", String(lens === "changed" || lens === "attention"));
    decode.hidden = seen() !== "held" || !canDecode(store.state);
    set(decode, "aria-pressed", String(view.decoded));
    overlay();
  };

  /** Whose picture it is: that of another time, or of other settings than those that are set now. */
  const mark = () => {
    const { settings } = store.state;
    const run = shownRun(store.state);
    const prompt = run.settings?.prompt ?? "";
    tag.hidden = run.source !== "recorded" || run.frames.length === 0;
    say(tag, prompt === settings.prompt ? t("picture.recorded") : t("picture.recorded.of", { prompt }));
    again.hidden = !stale(store.state);
    set(image, "data-stale", !again.hidden);
  };

  store.subscribe(
    ({ runs, view, model, engine }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      shownRun({ runs }).picture,
      view,
      model,
      engine.status,
    ],
    paint,
    signal,
  );
  store.subscribe(
    ({ runs, settings, start }) => [shownRun({ runs }).frames, shownRun({ runs }).settings, settings, start],
    mark,
    signal,
  );
  mark();
  namePart([decoder], tools, signal);

  return {
    /** The layer over the picture, to be put above what stands round it. */
    over,
    overlay,

    /** @param {Geometry} next @param {number} pixels of a unit */
    place(next, pixels) {
      geometry = next;
      unit = pixels;
      const { mat: box, picture, caption: foothold } = next;
      mat.style.cssText = `left:${rem(box.x)};top:${rem(box.y)};width:${rem(box.width)};height:${rem(box.height)}`;
      const inset = picture.x - box.x;
      image.style.cssText = `left:${rem(inset)};top:${rem(inset)};width:${rem(picture.width)};height:${rem(picture.height)}`;
      foot.style.cssText = `left:${rem(inset)};right:${rem(inset)};height:${rem(foothold)}`;
      decoder.hidden = next.kind !== "wide";
      over.setAttribute("viewBox", `0 0 ${next.width} ${next.height}`);
      paint();
    },
  };
}
