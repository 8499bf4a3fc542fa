/**
 * Both prompts with their differing words marked, the one thing that is changed, and what can be done.
 *
 * @import { Change, Kind } from "./change.js"
 * @import { Letter } from "./sides.js"
 * @import { Tools } from "../../views/mounting.js"
 */
import { STAGE } from "../../state/address.js";
import { BOUNDS, departure } from "../../state/bounds.js";
import { causes, wordsApart, wordsOf } from "../../state/differences.js";
import { besideRun, busy, queuedRun, shownModel, shownRun, shownSettings } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { fill, h, icon, set } from "../../views/dom.js";
import { changeBetween, changeOf, kindsOf, wishesOf } from "./change.js";
import { control } from "./control.js";
import { nameOf } from "./sides.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  /** The first run's settings. */
  const first = () => shownSettings(store.state);
  const second = besideRun(store.state)?.settings;
  /** @type {Change} */
  let change = second ? changeBetween(first(), second) : changeOf("prompt");

  const back = h(
    "button",
    {
      class: "tool back",
      "aria-label": t("compare.back"),
      title: t("compare.back"),
      click: () => send.enter(STAGE),
    },
    icon("left"),
  );
  const told = h("p", { class: "line" });
  const typed = h("div", { class: "line" });
  const picked = h("div", { class: "picked" });
  const wrong = h("p", { class: "sentence bad complaint", role: "alert", hidden: true });
  const kinds = h("select", {
    "aria-label": t("compare.differ"),
    change: () => turn(/** @type {Kind} */ (kinds.value)),
  });
  const buttons = h("div", { class: "buttons" });
  const line = (/** @type {Letter} */ letter, /** @type {HTMLElement} */ content) =>
    h("div", { class: `prompt-of ${letter}` }, h("i", { class: "letter" }, t(`compare.${letter}`)), content);
  element.append(
    back,
    line("a", told),
    line("b", typed),
    h(
      "div",
      { class: "difference" },
      h(
        "label",
        { class: "kind" },
        h("span", { class: "setting-name", "aria-hidden": "true" }, t("compare.differ")),
        kinds,
      ),
      picked,
      buttons,
    ),
    wrong,
  );

  const mirror = h("div", { class: "mirror", "aria-hidden": "true" });
  const field = h("textarea", {
    rows: 1,
    "aria-label": t("compare.prompt"),
    ...{ spellcheck: "false", autocomplete: "off", autocapitalize: "off", enterkeyhint: "go" },
    maxlength: BOUNDS.prompt.maxLength,
    input: () => say({ prompt: field.value.replace(/\n/g, " ") }),
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      draw();
    },
  });

  /** What the second run would be drawn with. */
  const wishes = () => ({ ...first(), ...wishesOf(change, first()) });

  /** Change something else. @param {Kind} kind */
  const turn = (kind) => {
    change = changeOf(kind);
    offer();
    mark();
  };

  /** @param {Change["wishes"]} made */
  const say = (made) => {
    change = { ...change, wishes: made };
    const [name, value] = Object.entries(made)[0];
    const refused = departure(/** @type {keyof typeof made} */ (name), value);
    wrong.hidden = !refused;
    fill(wrong, refused && [icon("stop"), h("span", {}, t(`refusal.${refused.reason}`, refused.values))]);
    mark();
  };

  const draw = () => {
    if (wrong.hidden) send.compare(wishesOf(change, first()));
  };

  /** The control for the kind of change that is chosen. */
  const offer = () => {
    wrong.hidden = true;
    fill(
      kinds,
      kindsOf(shownModel(store.state)).map((kind) =>
        h(
          "option",
          { value: kind },
          kind === "prompt" || kind === "word" ? t(`compare.kind.${kind}`) : nameOf(kind),
        ),
      ),
    );
    kinds.value = change.kind;
    const made = control(change.kind, wishes(), say, draw);
    fill(picked, made);
    picked.hidden = !made;
    fill(typed, change.kind === "prompt" && [mirror, field]);
    set(typed, "role", change.kind === "word" && "group");
    set(typed, "aria-label", change.kind === "word" && t("compare.leave"));
    set(typed, "data-open", change.kind === "prompt");
  };

  /** Both prompts, with what differs of them marked. */
  const mark = () => {
    const { prompt } = first();
    const other = wishes().prompt;
    const [ours, theirs] = wordsApart(prompt, other);
    const marks = (/** @type {typeof ours} */ stretches) =>
      stretches.map(({ text, differs }) => (differs ? h("mark", {}, text) : text));
    fill(told, prompt.trim() ? marks(ours) : h("em", {}, t("prompt.none")));
    if (change.kind === "prompt") {
      if (field.value.replace(/\n/g, " ") !== other) field.value = other;
      set(field, "placeholder", t("prompt.none"));
      fill(mirror, marks(theirs), "\u200b");
    } else if (change.kind === "word") leave(prompt);
    else fill(typed, other.trim() ? other : h("em", {}, t("prompt.none")));
  };

  /** The words, each of which can be left out. @param {string} prompt */
  const leave = (prompt) => {
    const words = wordsOf(prompt).map((word) => word.trim());
    const held = [...typed.children].indexOf(/** @type {Element} */ (document.activeElement));
    const press = (/** @type {number} */ index) => {
      const left = new Set(change.left);
      if (!left.delete(index)) left.add(index);
      change = { ...change, left };
      mark();
    };
    fill(
      typed,
      words.map((word, index) =>
        h(
          "button",
          { class: "leave", "aria-pressed": String(change.left.has(index)), click: () => press(index) },
          word,
        ),
      ),
    );
    if (held >= 0) /** @type {HTMLElement} */ (typed.children[held])?.focus();
  };

  const generate = h("button", { class: "button primary", click: draw }, t("action.generate"));
  const pause = h("button", { class: "button", click: () => send.pause() }, icon("pause"), t("action.pause"));
  const resume = h(
    "button",
    { class: "button", click: () => send.resume() },
    icon("play"),
    t("action.resume"),
  );
  const step = h("button", { class: "button", click: () => send.step() }, t("action.step"));
  const cancel = h("button", { class: "button", click: () => send.cancel() }, t("action.cancel"));

  const tell = () => {
    const { status } = shownRun(store.state);
    const going = [status === "paused" ? resume : pause, step, cancel];
    const waits = queuedRun(store.state) || status === "waiting";
    const now = !busy(store.state) && !waits ? [generate] : waits ? [cancel] : going;
    if (now.every((button, index) => buttons.children[index] === button)) return;
    const held = buttons.contains(document.activeElement);
    fill(buttons, now);
    if (held && !buttons.contains(document.activeElement)) now[0].focus({ preventScroll: true });
  };

  /** Another pair has come: its change is what is offered. Who has asked for it here goes on where they are. */
  const follow = () => {
    const other = besideRun(store.state)?.settings;
    if (other && causes(wishes(), other).length > 0) {
      change = changeBetween(first(), other);
      offer();
    }
    mark();
  };
  store.subscribe(({ runs }) => [shownRun({ runs }).settings, besideRun({ runs })?.settings], follow, signal);
  store.subscribe((state) => [shownModel(state)], offer, signal);
  store.subscribe(({ runs }) => [shownRun({ runs }).status, queuedRun({ runs })], tell, signal);
  offer();
  mark();
  tell();
}
