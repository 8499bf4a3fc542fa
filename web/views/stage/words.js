/**
 * The words of the prompt as toggles at the start of their threads, and the rail that makes the chosen one stronger
 * or weaker.
 *
 * @import { Commands } from "../../commands.js"
 * @import { Store } from "../../store.js"
 * @import { Geometry } from "./geometry.js"
 */
import { gainOf } from "../../gains.js";
import { fill, h, rem, set, watch } from "../dom.js";
import { shownWords } from "../shown.js";
import { number, t } from "../text.js";
import { WORD } from "./geometry.js";

const RAIL = { from: 92, to: 160 }; // on the thread of a word at the left
const MOST = 2;

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {Commands} send
 * @param {() => void} moved called when the words stand elsewhere
 */
export function mount(element, store, send, moved) {
  const group = h("div", { class: "words", role: "group", "aria-label": t("words.group"), scroll: moved });
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
  element.append(group, rail);

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
    set(group, "data-many", geometry?.kind === "wide" && words.length > geometry.shown);
    moved();
  };

  const mark = () => {
    const { word } = store.state.view;
    const words = shownWords(store.state);
    for (const [index, button] of [...group.children].entries()) {
      set(button, "aria-pressed", String(index === word));
      set(button, "data-off", gainOf(store.state.settings.gains, words[index]?.text) === 0);
    }
    placeRail();
  };

  const placeRail = () => {
    const word = chosen();
    const button = store.state.view.word === null ? null : group.children[store.state.view.word];
    // Above the frame there is no room for a rail: there the panel has one.
    rail.hidden = !word || !button || geometry?.kind !== "wide";
    if (rail.hidden || !word || !button) return;
    const { offsetTop } = /** @type {HTMLElement} */ (button);
    const from = Math.max(RAIL.from, /** @type {HTMLElement} */ (button.firstChild).offsetWidth / unit + 26);
    rail.style.left = rem(from);
    rail.style.width = rem(Math.max(RAIL.to, from + 56) - from);
    rail.style.top = rem((group.offsetTop + offsetTop - group.scrollTop) / unit);
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

  const update = () => {
    renew();
    mark();
  };
  watch(store, ({ run, reading }) => [run.frames, run.settings, reading], update);
  watch(store, ({ view, settings }) => [view.word, settings.gains], mark);

  return {
    /** @param {Geometry} next @param {number} pixels of a unit */
    place(next, pixels) {
      geometry = next;
      unit = pixels;
      group.hidden = next.kind === "bare";
      if (next.kind === "wide") group.style.cssText = `top:${rem(42)};height:${rem(next.shown * WORD)}`;
      else group.style.cssText = `left:${rem(next.frame.x - 16)};width:${rem(next.frame.width + 32)}`;
      update();
    },

    /**
     * Where each word's thread begins, in units; words out of sight have none.
     * @returns {({ x: number, y: number } | null)[]}
     */
    sockets() {
      if (!geometry || geometry.kind === "bare") return [];
      const origin = element.getBoundingClientRect();
      const area = group.getBoundingClientRect();
      return [...group.children].map((button) => {
        const box = /** @type {Element} */ (button.firstChild).getBoundingClientRect();
        if (geometry?.kind === "wide") {
          const y = (box.top + box.bottom) / 2;
          if (y < area.top || y > area.bottom) return null;
          return { x: (box.right - origin.left) / unit + 7, y: (y - origin.top) / unit };
        }
        const x = (box.left + box.right) / 2;
        if (x < area.left || x > area.right) return null;
        return { x: (x - origin.left) / unit, y: WORD };
      });
    },
  };
}
