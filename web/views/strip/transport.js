/**
 * The transport: play and hold, one step on or back, how fast, and how the run stands.
 *
 * @import { Tools } from "../mounting.js"
 * @import { Pace } from "../../types"
 */
import { PACES } from "../../state/paces.js";
import { busy, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { fill, h, icon, say, set } from "../dom.js";
import { playOrHold } from "../keys.js";
import { popover } from "../popover.js";
import { progress } from "../progress.js";

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 * @returns {{ buttons: HTMLElement, status: HTMLElement }}
 */
export function transport(tools, signal) {
  const { store, send } = tools;
  const play = h("button", { class: "play", click: () => playOrHold(store, send) });
  const tool = (/** @type {Parameters<typeof icon>[0]} */ name, /** @type {() => void} */ click) =>
    h("button", { class: "tool", "aria-label": t(`strip.${name}`), click }, icon(name));
  const buttons = h(
    "div",
    { class: "transport-buttons" },
    tool("first", () => send.show(1)),
    tool("back", () => send.move(-1)),
    play,
    tool("next", () => send.move(1)),
    pace(tools, signal),
  );
  const line = h("div", { class: "transport-title" });
  const detail = h("div", { class: "quiet" });

  const update = () => {
    const { view } = store.state;
    const run = shownRun(store.state);
    const { line: words, detail: more } = progress(store.state);
    say(line, words);
    say(detail, more);
    const follows = view.step === null && run.status === "running";
    const playing = view.playing || (follows && (busy(store.state) || run.source === "recorded"));
    if (play.dataset.playing === String(playing)) return;
    play.dataset.playing = String(playing);
    fill(play, icon(playing ? "pause" : "play"));
    set(play, "aria-label", t(playing ? "strip.hold" : "strip.play"));
  };
  store.subscribe(
    ({ runs, view, settings, start, engine }) => [
      shownRun({ runs }),
      view.step,
      view.playing,
      settings.steps,
      start,
      engine.status,
      engine.bytes,
    ],
    update,
    signal,
  );
  update();
  return { buttons, status: h("div", { class: "transport-status" }, line, detail) };
}

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
function pace({ store, send }, signal) {
  const label = t("pace.label");
  const button = h("button", { class: "tool", "aria-label": label, title: label }, icon("pace"));
  const radios = /** @type {Pace[]} */ (Object.keys(PACES)).map((name) =>
    h("input", { type: "radio", name: "pace", value: name, change: () => send.pace(name) }),
  );
  const sheet = popover(
    button,
    label,
    signal,
    h(
      "div",
      { role: "radiogroup", "aria-label": label },
      radios.map((radio) =>
        h(
          "label",
          { class: "choice" },
          radio,
          h("span", {}, t(`pace.${radio.value}`)),
          h("small", { class: "quiet" }, t(`pace.${radio.value}.why`)),
        ),
      ),
    ),
  );
  const update = () => {
    for (const radio of radios) radio.checked = radio.value === store.state.view.pace;
  };
  store.subscribe(({ view }) => [view.pace], update, signal);
  update();
  return [button, sheet];
}
