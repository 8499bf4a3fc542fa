/**
 * What the next run begins with: noise, or a picture from a file, from the stage, or from a scribble.
 *
 * @import { Tools } from "../mounting.js"
 */
import { pictureIn } from "../../device/picture.js";
import { put, thumbnail } from "../../paint/canvas.js";
import { shownPicture } from "../../state/selectors.js";
import { startOf, takesPictures } from "../../state/start.js";
import { percent, t } from "../../text/text.js";
import { fill, h, icon, say, set } from "../dom.js";
import { popover } from "../popover.js";
import { begin } from "./begin.js";
import { scribble } from "./scribble.js";
import { setting } from "./setting.js";

/**
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function start(tools, signal) {
  const { store, send } = tools;
  const { button, value } = setting("start");
  const small = h("canvas", { class: "soft", "aria-hidden": "true" });
  const said = h("span", {});
  const hushed = h("span", { class: "hush" });
  value.append(small, hushed, said);

  /** @param {string} name @param {() => void} choose */
  const choice = (name, choose) => {
    const radio = h("input", { type: "radio", name: "start", change: choose });
    const why = h("small", { class: "quiet" }, t(`start.${name}.why`));
    return { radio, label: h("label", { class: "choice" }, radio, h("span", {}, t(`start.${name}`)), why) };
  };
  const noise = choice("noise", () => send.beginInNoise());
  const picture = choice("picture", () => send.beginAtPicture());

  const chooser = h("input", { type: "file", accept: "image/*", hidden: true });
  chooser.addEventListener("change", () => {
    const [file] = chooser.files ?? [];
    if (file) send.beginAtFile(file);
    chooser.value = ""; // the same file may be chosen again
  });
  const kinds = {
    file: h("button", { click: () => chooser.click() }, t("start.file")),
    last: h("button", { click: () => send.beginAtShown() }, t("start.last")),
    scribble: h("button", { click: () => send.scribble() }, t("start.scribble")),
  };
  const segments = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("start.kinds") },
    Object.values(kinds),
  );
  const tile = h("canvas", { role: "img", "aria-label": t("start.shown") });
  const size = h("p", { class: "quiet" });
  const shown = h("div", { class: "start-shown" }, tile, size);
  const board = scribble(tools, signal);
  const way = begin(tools, signal);
  const trouble = h("p", { class: "sentence bad complaint", role: "alert", hidden: true });
  const own = h("p", { class: "quiet" }, t("start.own"));
  const link = h("p", { class: "quiet" }, t("start.link"));
  const details = h("div", { class: "start-details" }, segments, chooser, shown, board, way);
  const sheet = popover(
    button,
    t("setting.start"),
    signal,
    h("div", { role: "radiogroup", "aria-label": t("setting.start") }, noise.label, picture.label),
    trouble,
    details,
    own,
    link,
  );
  sheet.classList.add("start");

  const update = () => {
    const { start: now, model } = store.state;
    const able = takesPictures(model);
    const begins = startOf(store.state);
    noise.radio.checked = !begins;
    picture.radio.checked = begins !== null;
    picture.radio.disabled = !able;
    const why = able
      ? now.trouble && t(`refusal.${now.trouble.reason}`, now.trouble.values)
      : t("refusal.start-encoder");
    trouble.hidden = !why;
    fill(trouble, why && [icon("stop"), h("span", {}, why)]);
    details.hidden = link.hidden = begins === null;
    own.hidden = !able || (begins !== null && now.kind === "scribble");
    small.hidden = begins === null;
    say(said, begins ? percent(begins.strength) : t("start.none"));
    kinds.last.disabled = shownPicture(store.state) === null;
    for (const [kind, one] of Object.entries(kinds)) set(one, "aria-pressed", String(kind === now.kind));
    board.hidden = now.kind !== "scribble";
    shown.hidden = !board.hidden;
    say(hushed, begins ? `${t(`start.of.${now.kind}`)}, ` : "");
    if (!begins) return;
    const { width, height } = begins.picture;
    say(size, t("start.size", { width, height }));
    put(small, thumbnail(begins.picture));
    put(tile, begins.picture);
  };
  store.subscribe(({ start, settings, model, runs }) => [start, settings.steps, model, runs], update, signal);
  update();

  // What was dropped or pasted is seen where it can be changed, and what is wrong with it is read there.
  store.subscribe(
    ({ start: { kind, whole, trouble } }) => [kind === "file" && whole, trouble],
    () => {
      const { kind, whole, trouble } = store.state.start;
      if ((trouble || (kind === "file" && whole)) && !sheet.matches(":popover-open")) sheet.showPopover();
    },
    signal,
  );
  /** @param {ClipboardEvent} event */
  const paste = (event) => {
    const data = event.clipboardData;
    const file = data && pictureIn(data);
    if (!file || data.types.includes("text/plain")) return;
    event.preventDefault();
    send.beginAtFile(file);
  };
  addEventListener("paste", paste, { signal });
  return [button, sheet];
}
