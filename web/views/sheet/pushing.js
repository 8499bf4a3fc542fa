/**
 * Part 4 in the hand: what the words add to the picture that the step foresees, and the step with another guidance while the
 * slider is dragged. The network is not asked; its two answers are remembered.
 *
 * @import { Commands } from "../../state/commands.js"
 * @import { Frame, Manifest, Retaken, Run, State } from "../../types"
 */
import { amplified } from "../../paint/difference.js";
import { colourImage } from "../../paint/latent.js";
import { newest } from "../../state/newest.js";
import { drawerOf, handKey, shownFrame, shownModel, shownRun } from "../../state/selectors.js";
import { number, t } from "../../text/text.js";
import { fill, h, icon, say } from "../dom.js";
import { group, operator, tile } from "./tiles.js";

const MUCH = 15; // how far the slider goes
const FINE = 0.1; // and in what steps

/**
 * @param {State} state in which the step is in reach
 * @param {Commands} send
 * @param {Element | null} there what stands in the sheet: of the same step it stays, and so does the hand at the slider
 * @returns {HTMLElement}
 */
export function pushing(state, send, there) {
  const key = handKey(state, shownFrame(state)?.step ?? 1);
  return there instanceof HTMLElement && there.dataset.pushed === key ? there : build(state, send, key);
}

/** @param {State} state @param {Commands} send @param {string} key */
function build(state, send, key) {
  const frame = /** @type {Frame} */ (shownFrame(state));
  const { step, steps } = frame;
  const title = t("pushing.slider", { step: step + shownRun(state).skipped });
  const shape = /** @type {Manifest} */ (shownModel(state)).latent;
  const { settings } = /** @type {Run} */ (drawerOf(state, step));
  const own = settings?.guidance ?? 1;
  const without = t(settings?.negative.trim() ? "guidance.avoid" : "guidance.without");
  const tiles = {
    heard: tile(t("guidance.with"), true),
    unheard: tile(without, true),
    start: tile(without, true),
    added: [tile(t("guidance.added"), true), tile(t("guidance.added"), true)],
    foreseen: tile(t(step === steps ? "pushing.finished" : "pushing.foreseen"), true),
    eps: tile(t("guidance.guided")),
    next: tile(t("term.next")),
  };
  const factor = h("span", { class: "factor now" });
  /** The slider's, which knows no hundredths: next to the run's own it is that. */
  const chosen = () => {
    const value = Number(slider.value);
    return Math.abs(value - own) < FINE / 2 ? own : value;
  };
  const slider = h("input", {
    type: "range",
    min: 0,
    max: Math.max(MUCH, own),
    step: FINE,
    "aria-label": title,
  });
  const back = h("button", { class: "button small", click: () => drag(own) });
  const onward = h("button", {
    class: "button small",
    click: () => send.goOn(step, {}, { guidance: chosen() }),
  });
  const alone = h(
    "button",
    {
      class: "button small",
      hidden: step === steps, // there the one is the other
      click: () => send.goOn(step, { guidance: chosen() }),
    },
    t("pushing.alone"),
  );
  const trouble = h("p", { class: "sentence bad", role: "alert", hidden: true });

  /** @param {Retaken} taken */
  const show = ({ eps, latent, preview }) => {
    tiles.foreseen.show(preview);
    tiles.eps.show(colourImage(eps, shape));
    tiles.next.show(colourImage(latent, shape));
  };
  const take = newest(async (/** @type {number} */ guidance) => {
    const taken = await send.retake(step, guidance);
    trouble.hidden = true;
    if (taken) show(taken);
  });
  /** Guidance 0 is the one answer, 1 the other. */
  const askTwice = async () => {
    const [unheard, heard] = [await send.retake(step, 0), await send.retake(step, 1)];
    if (!unheard || !heard) return;
    tiles.heard.show(heard.preview);
    tiles.unheard.show(unheard.preview);
    tiles.start.show(unheard.preview);
    const { image, gain } = amplified(heard.preview, unheard.preview);
    for (const each of tiles.added) each.show(image, t("pushing.added", { gain }));
  };
  const fail = (/** @type {Error} */ error) => {
    trouble.hidden = false;
    fill(trouble, icon("stop"), h("span", {}, error.message));
  };
  const tell = () => {
    const guidance = chosen();
    const said = number(guidance, 1);
    say(factor, said);
    say(back, t("pushing.back", { own: number(own, 1) }));
    say(onward, t("pushing.onward", { guidance: said }));
    for (const button of [back, onward, alone]) button.disabled = guidance === own;
    if (guidance === own && document.activeElement === back) slider.focus();
  };
  const drag = (/** @type {number} */ guidance) => {
    slider.value = String(guidance);
    send.drag(step, guidance);
    tell();
    take(guidance).catch(fail);
  };
  slider.addEventListener("input", () => drag(chosen()));

  slider.value = String(state.hand.guidance[key] ?? own);
  tell();
  askTwice()
    .then(() => take(chosen()))
    .catch(fail);
  return h(
    "div",
    { class: "pushing", "data-pushed": key },
    h(
      "div",
      { class: "groups" },
      group(
        t("pushing.ask"),
        tiles.heard.element,
        operator("−"),
        tiles.unheard.element,
        operator("="),
        tiles.added[0].element,
      ),
      group(
        t("guidance.push"),
        tiles.start.element,
        operator("+ ", factor, " ×"),
        tiles.added[1].element,
        operator("="),
        tiles.foreseen.element,
      ),
      h(
        "section",
        { class: "group by-hand" },
        h("h3", {}, title),
        slider,
        h("div", { class: "choices" }, onward, alone, back),
        trouble,
      ),
      group(t("pushing.then"), tiles.eps.element, tiles.next.element),
    ),
  );
}
