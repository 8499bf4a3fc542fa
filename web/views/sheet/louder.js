/**
 * A word up or down: its strength, and on request at once the picture with it beside the one without, from one noise.
 *
 * @import { TrialPicture } from "../../types"
 * @import { Tools } from "../mounting.js"
 */
import { contour, enlarge, insideLine, threshold } from "../../paint/attention.js";
import { put } from "../../paint/canvas.js";
import { palette } from "../../paint/colour.js";
import { marked } from "../../paint/difference.js";
import { gainOf } from "../../state/gains.js";
import { busy, mapOf, shownRun } from "../../state/selectors.js";
import { trialOf, underway } from "../../state/trials.js";
import { number, percent, rich, t } from "../../text/text.js";
import { fill, h, s, say, set, tell } from "../dom.js";

const FINE = 64; // cells across for the line
const QUIET = 250; // milliseconds without a change of the strength until it is drawn

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {{ element: HTMLElement, update: (word: string | null) => void }}
 */
export function louder({ store, send }, signal) {
  const title = h("h3");
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 2,
    step: 0.1,
    input: () => text !== null && send.strengthen(text, Number(slider.value)),
  });
  const amount = h("output", { class: "quiet num" });
  const live = h(
    "button",
    { class: "button small", click: () => send.liven(!store.state.causes.live) },
    t("louder.live"),
  );
  const line = s("svg", { class: "line", viewBox: "0 0 1 1", "aria-hidden": "true" });
  const then = h("canvas", { role: "img", "aria-label": t("louder.then") });
  const now = h("canvas", { role: "img", "aria-label": t("louder.now") });
  const pair = h(
    "div",
    { class: "pair" },
    h("figure", {}, h("div", {}, then, line), h("figcaption", {}, t("louder.then"))),
    h("figure", {}, h("div", {}, now), h("figcaption", {}, t("louder.now"))),
  );
  const said = h("p", { class: "said", "aria-live": "polite" });
  const element = h(
    "section",
    { class: "louder" },
    h("header", {}, title, live),
    h("div", { class: "amount" }, slider, amount),
    pair,
    said,
  );
  /** @type {string | null} */
  let text = null;
  let timer = 0;
  /** @type {{ other: TrialPicture, dark: boolean, image: ImageData } | null} what was faded last */
  let faint = null;

  const soon = () => {
    clearTimeout(timer);
    if (!store.state.causes.live || text === null) return;
    send.abandon("gain");
    timer = setTimeout(draw, QUIET);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));

  /** Where the word was looked for in the picture on show: the cells inside its line. */
  const place = () => {
    const { frames } = shownRun(store.state);
    const last = frames[frames.length - 1];
    const index = last?.words.findIndex((word) => word.text === text) ?? -1;
    if (index < 0) return null;
    const { map, side } = mapOf(last, index, true);
    return enlarge(map, side, FINE);
  };

  const draw = () => {
    const fine = place();
    if (text === null || !fine || element.hidden || busy(store.state)) return;
    send.louden(text, gainOf(store.state.settings.gains, text), insideLine(fine));
  };

  /** The other picture, where what did not change is faded once that is known. @param {TrialPicture} other */
  const faded = (other) => {
    const { picture, change } = other;
    const { dark } = palette();
    if (faint?.other !== other || faint.dark !== dark) {
      const image = /** @type {ImageData} */ (picture);
      faint = { other, dark, image: change?.marks ? marked(image, change.marks, dark) : image };
    }
    return faint.image;
  };

  /** @param {string | null} word */
  const update = (word) => {
    text = word;
    if (word === null) return;
    const gain = gainOf(store.state.settings.gains, word);
    const strength = gain === 0 ? t("gain.off") : `× ${number(gain, 1)}`;
    fill(title, rich("louder.title", { word }));
    slider.value = String(gain);
    set(slider, "aria-label", t("gain.label", { word }));
    set(slider, "aria-valuetext", strength);
    say(amount, strength);
    set(live, "aria-pressed", String(store.state.causes.live));
    const trial = trialOf(store.state, "gain", word);
    const { original, gain: other } = trial?.pictures ?? {};
    pair.hidden = !original?.picture || !other?.picture;
    if (trial?.error) say(said, t(`refusal.${trial.error.reason}`, trial.error.values));
    else if (!other?.change) say(said, underway(trial) ? t("louder.drawing") : "");
    if (!original?.picture || !other?.picture) return;
    put(then, original.picture);
    put(now, faded(other));
    const fine = place();
    const d = fine ? contour(fine, FINE, threshold(fine)) : "";
    line.replaceChildren(s("path", { class: "casing", d }), s("path", { d }));
    if (!other.change) return;
    const { inside, outside = 0 } = other.change;
    const rest = percent(outside);
    // A word that was switched off has no place.
    if (inside === undefined) tell(said, rich("louder.nowhere", { word, outside: rest }));
    else tell(said, rich("louder.said", { word, inside: percent(inside), outside: rest }));
  };
  store.subscribe(({ settings }) => [settings.gains], soon, signal);
  return { element, update };
}
