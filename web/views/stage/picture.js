/**
 * What hangs in the frame: the predicted picture on its mat, or a word's attention as a stain over it.
 *
 * @import { Tools } from "../mounting.js"
 * @import { Geometry } from "./geometry.js"
 */
import { contour, enlarge, extent, stain, summary, threshold } from "../../paint/attention.js";
import { enlargeSharp } from "../../paint/canvas.js";
import { palette } from "../../paint/colour.js";
import { numberOf } from "../../state/parts.js";
import {
  atTheEnd,
  mapOf,
  shownFrame,
  shownModel,
  shownPicture,
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
    "aria-label": t("picture.stain"),
    click: () => send.toggleStain(),
  });
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
  const image = h("div", { class: "picture" }, canvas, press, tag, again);
  const foot = h("div", { class: "caption" }, caption, decoder);
  const mat = h("div", { class: "mat" }, image, foot);
  const over = s("svg", { class: "layer over", "aria-hidden": "true" });
  element.append(mat, over);

  /** @type {Geometry | null} */
  let geometry = null;
  let unit = 1;

  const name = () => {
    const frame = shownFrame(store.state);
    const { view } = store.state;
    const prompt = shownSettings(store.state).prompt.trim() || t("prompt.none");
    if (!frame) return t("picture.none");
    const { step, steps } = numbered(shownRun(store.state), frame);
    if (view.word !== null && view.stain) {
      const word = frame.words[view.word]?.text ?? "";
      return t("picture.attention.name", { word, step, steps });
    }
    return atTheEnd(store.state) ? prompt : t("picture.predicted.name", { step, steps });
  };

  const captionOf = () => {
    const frame = shownFrame(store.state);
    if (!frame) return [t("picture.none")];
    const { view } = store.state;
    const word = view.word === null ? undefined : frame.words[view.word];
    if (word && view.stain) return rich("picture.attention", { word: word.text });
    if (atTheEnd(store.state)) return rich("picture.finished", { count: frame.steps });
    const by = frame.drawnBy ?? "vae_decoder";
    const { step, steps } = numbered(shownRun(store.state), frame);
    const predicted = rich("picture.predicted", { step, steps });
    if (by === "vae_decoder") return predicted;
    const error = by === "latent_rgb" ? shownModel(store.state)?.errors?.latent_rgb : undefined;
    const estimate =
      error === undefined ? t(`picture.${by}`) : t(`picture.${by}.error`, { error: percent(error) });
    return [...predicted, h("small", { class: "quiet estimate" }, estimate)];
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
    const { word, mean, stain: stained } = store.state.view;
    if (frame && word !== null && frame.words[word]) {
      const { map, side } = mapOf(frame, word, mean);
      const fine = enlarge(map, side, FINE);
      if (stained) {
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
    let image = shownPicture(store.state);
    canvas.hidden = image === null;
    if (frame && image && view.word !== null && view.stain && frame.words[view.word]) {
      const { map, side } = mapOf(frame, view.word, view.mean);
      const large = enlarge(map, side, image.width);
      image = stain(image, large, extent(large), palette());
    }
    if (image) enlargeSharp(canvas, image, geometry.picture.width * unit);
    set(canvas, "aria-label", name());
    fill(caption, captionOf());
    press.hidden = view.word === null;
    set(press, "aria-pressed", String(view.stain));
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
    ({ runs, view }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      shownRun({ runs }).picture,
      view,
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
