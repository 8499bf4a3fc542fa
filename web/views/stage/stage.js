/**
 * The stage: words on threads, the frame whose winding is the process, and the picture in it.
 *
 * @import { Budget } from "../../state/budget.js"
 * @import { Commands } from "../../state/commands.js"
 * @import { Store } from "../../state/store.js"
 */

import { shownSteps, shownWords } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { h, rem, set, watch } from "../dom.js";
import { bare, narrow, wide } from "./geometry.js";
import * as picture from "./picture.js";
import * as plates from "./plates.js";
import * as threads from "./threads.js";
import * as winding from "./winding.js";
import * as words from "./words.js";

const WIDE_FROM = 811; // units: the words' part and the frame, less what rounding takes
const BESIDE = matchMedia("(width >= 68.75em)"); // an opened part stands beside the frame

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {Commands} send
 * @param {Budget} budget
 */
export function mount(element, store, send, budget) {
  set(element, "aria-label", t("stage.label"));
  const windingView = winding.mount(element, store, budget);
  const wordsView = words.mount(element, store, send, () => {
    threadsView.draw();
    pictureView.overlay();
  });
  const threadsView = threads.mount(element, store, wordsView.sockets);
  element.append(.../** @type {Element[]} */ ([...element.querySelectorAll(".words, .more-words, .rail")]));
  // Who goes by keyboard meets the parts in their order: the picture with its decoder is the last.
  const platesView = plates.mount(element, store, send);
  const pictureView = picture.mount(element, store, send, wordsView.sockets);
  const open = h("div", { class: "opened-name", "aria-hidden": "true" });
  const over = /** @type {SVGElement} */ (element.querySelector(".over"));
  element.append(over, windingView.mark, open);

  /** Pixels from the stage's upper edge down to the dock, or to the lower edge of the screen. */
  const room = () => {
    const page = document.documentElement;
    const dock = Number.parseFloat(getComputedStyle(page).scrollPaddingBottom) || 0;
    return page.clientHeight - dock - element.getBoundingClientRect().top - scrollY;
  };

  const place = () => {
    const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const width = element.clientWidth / unit;
    if (width === 0) return;
    const { view } = store.state;
    const steps = shownSteps(store.state);
    const count = shownWords(store.state).length;
    const beside = view.part !== null && BESIDE.matches;
    const geometry = beside
      ? bare(steps)
      : width >= WIDE_FROM
        ? wide(width, steps, count)
        : narrow(width, steps, count, room() / unit);
    element.style.height = rem(geometry.height);
    set(element, "data-kind", geometry.kind);
    windingView.place(geometry, unit);
    wordsView.place(geometry, unit);
    threadsView.place(geometry);
    pictureView.place(geometry, unit);
    platesView.place(geometry);
    open.hidden = !beside || view.part === null;
    if (view.part !== null)
      open.replaceChildren(h("i", { class: "part-number" }, view.part), t(`part.${view.part}`));
  };

  new ResizeObserver(place).observe(element);
  addEventListener("resize", place);
  watch(
    store,
    (state) => [shownSteps(state), shownWords(state).length, state.view.part, state.model, state.view.theme],
    place,
  );
  document.fonts.addEventListener("loadingdone", place);
  place();
}
