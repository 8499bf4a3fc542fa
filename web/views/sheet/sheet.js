/**
 * An opened part of the pipeline: one sentence, its real data at the step on show, and its neighbours.
 *
 * @import { State, View } from "../../types"
 * @import { Tools } from "../mounting.js"
 */

import { PARTS } from "../../state/parts.js";
import { answerOf, askedTwice, shownFrame, shownRun } from "../../state/selectors.js";
import { rich, t } from "../../text/text.js";
import { fill, h, icon, set, sized } from "../dom.js";
import { causes } from "./causes.js";
import { decoder } from "./decoder.js";
import { encoder } from "./encoder.js";
import { guidance } from "./guidance.js";
import { latent } from "./latent.js";
import { outOfReach } from "./reaching.js";
import { sampler } from "./sampler.js";
import { unet } from "./unet.js";
import { words } from "./words.js";

const SHEETS = { words, encoder, unet, guidance, sampler, latent, decoder };

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send, reach } = tools;
  const title = h("h2", { class: "panel-title", tabindex: -1 });
  const neighbours = h("div", { class: "neighbours" });
  const lead = h("p", { class: "lead" });
  const body = h("div", { class: "sheet-body" });
  const close = h("button", { class: "tool", click: () => send.open(null) }, t("sheet.close"), icon("close"));
  element.append(h("header", {}, title, neighbours, close), lead, body);
  const caused = causes(tools, signal);
  /** @type {View["part"]} */
  let open = null;

  /** Bring what a word causes into sight; where the sheet scrolls in itself, the page stays. */
  const come = () => {
    if (body.scrollHeight > body.clientHeight) body.scrollTo({ top: caused.offsetTop - body.offsetTop });
    else caused.scrollIntoView({ block: "start", behavior: "instant" });
  };
  reach.offer("carries", come, signal);

  /** What scrolls can be scrolled by keyboard. */
  const scrolls = () => set(body, "tabindex", body.scrollHeight > body.clientHeight ? 0 : false);
  sized(body, scrolls, signal);

  const draw = () => {
    const { part } = store.state.view;
    if (part === null) return;
    const nodes = SHEETS[PARTS[part - 1]](store.state, send, body.firstElementChild);
    if (PARTS[part - 1] === "words") nodes.push(caused);
    if (nodes.length === 0)
      nodes.push(h("p", { class: "quiet" }, t(shownFrame(store.state) ? "sheet.none" : "sheet.later")));
    // What stays is not put in again: that would take the focus from it.
    if (nodes.length !== body.childElementCount || nodes.some((node, k) => node !== body.children[k]))
      fill(body, nodes);
    scrolls();
  };

  const turn = () => {
    const { part } = store.state.view;
    element.hidden = part === null;
    if (part === null) {
      // The focus goes back to the name of the part, which stood hidden meanwhile.
      if (open !== null) reach.go(`part ${open}`);
      open = null;
      return;
    }
    open = part;
    set(element, "aria-label", t(`part.${part}`));
    fill(title, h("i", { class: "part-number", "aria-hidden": "true" }, part), t(`part.${part}`));
    fill(
      lead,
      leadOf(part, store.state).map((node) =>
        node instanceof HTMLElement ? h("span", { class: "mark" }, node.textContent) : node,
      ),
    );
    fill(
      neighbours,
      part > 1 &&
        h("button", { class: "tool", click: () => send.open(part - 1) }, icon("left"), t(`part.${part - 1}`)),
      part < PARTS.length &&
        h(
          "button",
          { class: "tool", click: () => send.open(part + 1) },
          t(`part.${part + 1}`),
          icon("right"),
        ),
    );
    draw();
    title.focus({ preventScroll: true });
    // On a small screen the part stands below the film strip.
    if (element.getBoundingClientRect().top > innerHeight / 2) element.scrollIntoView({ block: "start" });
  };

  store.subscribe(({ view }) => [view.part], turn, signal);
  store.subscribe(
    ({ runs, view, reading, model, hand }) => [
      shownRun({ runs }).frames,
      shownRun({ runs }).picture,
      view.step,
      view.word,
      view.worn,
      reading,
      model,
      hand.touching,
      outOfReach(store.state),
    ],
    draw,
    signal,
  );
  // The button that turned to the tools, or back from them, is gone.
  store.subscribe(
    ({ hand }) => [hand.touching],
    () => title.focus({ preventScroll: true }),
    signal,
  );
  turn();
}

/**
 * @param {number} part
 * @param {State} state
 * @returns {(Node | string)[]} the sentence that says what the part does in this model
 */
function leadOf(part, state) {
  const name = PARTS[part - 1];
  if (name === "unet") return rich(`part.${part}.lead.${answerOf(state)}`);
  return rich(name === "guidance" && !askedTwice(state) ? `part.${part}.once` : `part.${part}.lead`);
}
