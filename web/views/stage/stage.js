/**
 * The stage: words on threads, the frame whose winding is the process, and the picture in it.
 *
 * @import { Tools } from "../mounting.js"
 */

import { shownSkipped, shownSteps, shownWords } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { h, rem, set, sized } from "../dom.js";
import { bare, narrow, wide } from "./geometry.js";
import * as picture from "./picture.js";
import * as plates from "./plates.js";
import * as threads from "./threads.js";
import * as winding from "./winding.js";
import * as words from "./words.js";

const WIDE_FROM = 811; // units: the words' part and the frame, less what rounding takes
const BESIDE = "(width >= 68.75em)"; // an opened part stands beside the frame

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store } = tools;
  set(element, "aria-label", t("stage.label"));
  const windingView = winding.mount(element, tools, signal);
  const wordsView = words.mount(
    element,
    tools,
    () => {
      threadsView.draw();
      pictureView.overlay();
    },
    signal,
  );
  const threadsView = threads.mount(element, store, wordsView.sockets, signal);
  element.append(...wordsView.elements);
  // Who goes by keyboard meets the parts in their order: the picture with its decoder is the last.
  const platesView = plates.mount(element, tools, signal);
  const pictureView = picture.mount(element, tools, wordsView.sockets, signal);
  const open = h("div", { class: "opened-name", "aria-hidden": "true" });
  element.append(pictureView.over, windingView.mark, open);

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
    const steps = shownSkipped(store.state) + shownSteps(store.state);
    const count = shownWords(store.state).length;
    const beside = view.part !== null && matchMedia(BESIDE).matches;
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

  sized(element, place, signal);
  addEventListener("resize", place, { signal });
  store.subscribe(
    (state) => [
      shownSkipped(state),
      shownSteps(state),
      shownWords(state).length,
      state.view.part,
      state.model,
      state.view.worn,
    ],
    place,
    signal,
  );
  document.fonts.addEventListener("loadingdone", place, { signal });
  place();
}
