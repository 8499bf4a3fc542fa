/**
 * The words of the prompt as toggles at the start of their threads, and the rail that makes the chosen one stronger
 * or weaker.
 *
 * @import { Tools } from "../mounting.js"
 * @import { Geometry } from "./geometry.js"
 */
import { gainOf } from "../../state/gains.js";
import { shownRun, shownWords } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { fill, h, icon, rem, set } from "../dom.js";
import { WORD } from "./geometry.js";
import { findSockets } from "./sockets.js";

const TOP = 42; // of the words at the left
const CUE = 68; // width of what says that there are more words, at the end of those above the frame
const RAIL = { from: 92, to: 160 }; // on the thread of a word at the left
const MOST = 2;

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {() => void} moved called when the words stand elsewhere
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send, reach }, moved, signal) {
  const group = h("div", {
    class: "words",
    role: "group",
    "aria-label": t("words.group"),
    scroll: () => scrolled(),
  });
  const knob = h("span", { class: "knob" });
  const rail = h(
    "div",
    { class: "rail", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": MOST, hidden: true },
    h("span", { class: "tick", style: "left:0" }),
    h("span", { class: "tick", style: "left:100%" }),
    h("span", { class: "tick-name", style: "left:0" }, t("gain.off")),
    h("span", { class: "tick-name", style: "left:100%" }, t("gain.double")),
    knob,
  );
  // Who comes by keyboard or with a screen reader meets every word; this one is for those who look.
  const more = h("button", {
    class: "more-words",
    tabindex: -1,
    "aria-hidden": "true",
    hidden: true,
    click: () => further(),
  });
  element.append(group, more, rail);

  /** @type {Geometry | null} */
  let geometry = null;
  let unit = 1;
  let texts = "";

  const chosen = () => {
    const { word } = store.state.view;
    return word === null ? undefined : shownWords(store.state)[word];
  };
  const gain = () => gainOf(store.state.settings.gains, chosen()?.text);

  const renew = () => {
    const words = shownWords(store.state);
    const now = words.map((word) => word.text).join(" ");
    if (now === texts && group.childElementCount === words.length) return;
    texts = now;
    fill(
      group,
      words.map((word, index) =>
        h("button", { class: "word", click: () => send.choose(index) }, h("span", {}, word.text)),
      ),
    );
    scrolled();
  };

  /** Bring the words into sight that follow those in sight, or the first ones again. */
  const further = () => {
    const page = { left: group.clientWidth - WORD * unit, top: group.clientHeight };
    if (sockets().at(-1)?.hidden) group.scrollBy({ ...page, behavior: "instant" });
    else group.scrollTo({ left: 0, top: 0, behavior: "instant" });
  };

  /** Say how many words are out of sight, and draw the threads anew. */
  const scrolled = () => {
    if (!geometry || geometry.kind === "bare") return;
    const away = sockets().filter(({ hidden }) => hidden);
    const upright = geometry.kind === "wide";
    const onward = away.at(-1)?.hidden === "after";
    const way = upright ? (onward ? "down" : "up") : onward ? "right" : "left";
    if (away.length) fill(more, t("words.more", { count: away.length }), icon(way));
    placeRail();
    moved();
  };

  let marked = store.state.view.word;
  const mark = () => {
    const { word } = store.state.view;
    const words = shownWords(store.state);
    if (word !== marked && word !== null && sockets()[word]?.hidden) {
      // It may have been chosen elsewhere.
      const { offsetLeft, offsetTop } = /** @type {HTMLElement} */ (group.children[word]);
      group.scrollTo({ left: offsetLeft - WORD * unit, top: offsetTop, behavior: "instant" });
    }
    marked = word;
    for (const [index, button] of [...group.children].entries()) {
      set(button, "aria-pressed", String(index === word));
      set(button, "data-off", gainOf(store.state.settings.gains, words[index]?.text) === 0);
    }
    placeRail();
  };

  const placeRail = () => {
    const index = store.state.view.word;
    const word = chosen();
    const socket = index === null ? undefined : sockets()[index];
    // Above the frame there is no room for a rail: there the dock has one.
    rail.hidden = geometry?.kind !== "wide" || !word || !socket || socket.hidden !== "";
    if (rail.hidden || !word || !socket) return;
    const from = Math.max(RAIL.from, socket.x + 27);
    rail.style.left = rem(from);
    rail.style.width = rem(Math.max(RAIL.to, from + 56) - from);
    rail.style.top = rem(socket.y - WORD / 2);
    const value = gain();
    knob.style.left = `${(value / MOST) * 100}%`;
    set(rail, "aria-label", t("gain.label", { word: word.text }));
    set(rail, "aria-valuenow", value);
    set(rail, "aria-valuetext", value === 0 ? t("gain.off") : `× ${number(value, 1)}`);
  };

  /** @param {number} value */
  const change = (value) => {
    const word = chosen();
    if (word) send.strengthen(word.text, Math.max(0, Math.min(MOST, value)));
  };

  /** @param {PointerEvent} event */
  const drag = (event) => {
    const box = rail.getBoundingClientRect();
    const value = ((event.clientX - box.left) / box.width) * MOST;
    const near = Math.round(value);
    change(Math.abs(value - near) < 0.12 ? near : Math.round(value * 20) / 20);
  };
  rail.addEventListener("pointerdown", (event) => {
    rail.setPointerCapture(event.pointerId);
    drag(event);
  });
  rail.addEventListener("pointermove", (event) => {
    if (rail.hasPointerCapture(event.pointerId)) drag(event);
  });
  rail.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1 };
    const by = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (by) change(Math.round((gain() + by) * 10) / 10);
    else if (event.key === "Home") change(0);
    else if (event.key === "End") change(MOST);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  group.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = [...group.children].indexOf(/** @type {Element} */ (document.activeElement));
    /** @type {HTMLElement | undefined} */ (group.children[at + by])?.focus();
    event.preventDefault();
    event.stopPropagation();
  });

  /** Where each word's thread begins. */
  const sockets = () =>
    geometry && geometry.kind !== "bare" ? findSockets(group, more, geometry, unit) : [];

  const update = () => {
    renew();
    mark();
  };
  store.subscribe(
    ({ runs, reading }) => [shownRun({ runs }).frames, shownRun({ runs }).settings, reading],
    update,
    signal,
  );
  store.subscribe(({ view, settings }) => [view.word, settings.gains], mark, signal);

  reach.offer("words", () => /** @type {HTMLElement | null} */ (group.firstElementChild)?.focus(), signal);

  return {
    /** What is made here, in its order. */
    elements: [group, more, rail],

    /** @param {Geometry} next @param {number} pixels of a unit */
    place(next, pixels) {
      geometry = next;
      unit = pixels;
      group.hidden = next.kind === "bare";
      const count = shownWords(store.state).length;
      renew();
      if (next.kind === "wide") {
        const bottom = TOP + next.shown * next.pitch;
        group.style.cssText = `top:${rem(TOP)};height:${rem(bottom - TOP)};--pitch:${rem(next.pitch)}`;
        more.style.cssText = `top:${rem(bottom)};height:${rem(next.pitch)}`;
        more.hidden = count <= next.shown;
      } else if (next.kind === "narrow") {
        const most = Math.min(next.width + 32, next.frame.width + 160);
        const left = (next.width - most) / 2;
        group.style.cssText = `left:${rem(left)};width:${rem(most)}`;
        more.hidden = group.scrollWidth <= group.clientWidth;
        if (!more.hidden) group.style.width = rem(most - CUE - 16);
        more.style.cssText = `left:${rem(left + most - CUE - 16)};width:${rem(CUE)};height:${rem(WORD)}`;
      } else more.hidden = true;
      mark();
      scrolled();
    },

    sockets,
  };
}
