/**
 * The prompt: one field on a rule, what the tokenizer made of it marked in place, and a sentence where it needs one.
 *
 * @import { Store } from "../../state/store.js"
 * @import { Reading } from "../../types"
 * @import { Tools } from "../mounting.js"
 */

import { fit } from "../../device/fit.js";
import { missing } from "../../device/models.js";
import { BOUNDS } from "../../state/bounds.js";
import { shownRun, shownWords } from "../../state/selectors.js";
import { list, rich, size, t } from "../../text/text.js";
import { fill, h, icon, set } from "../dom.js";
import { waiting } from "./waiting.js";

/** After these, what has arrived is kept and the download goes on. */
const INTERRUPTED = ["network", "quota"];
const MOST = 40; // letters of a word or of a part that a sentence shows
const LONG = [26, 32, 40]; // letters that fit on one line, of three widths that the line can have

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send, reach }, signal) {
  const field = h("textarea", {
    id: "prompt",
    rows: 1,
    "aria-label": t("prompt.label"),
    "aria-describedby": "prompt-notes",
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    enterkeyhint: "go",
    maxlength: BOUNDS.prompt.maxLength,
  });
  const mirror = h("div", { class: "mirror", "aria-hidden": "true" });
  const box = h("div", { class: "prompt" }, mirror, field);
  const notes = h("div", { class: "notes", id: "prompt-notes" });
  element.append(box, notes);

  field.addEventListener("input", () => {
    send.change({ prompt: field.value.replace(/\n/g, " ") });
    draw();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    send.generate();
  });

  /** The same letters under the field, with the marks that a field itself cannot carry. */
  const draw = () => {
    const { settings, reading, view } = store.state;
    if (field.value.replace(/\n/g, " ") !== settings.prompt) field.value = settings.prompt;
    const { prompt } = settings;
    // Before the model has brought its own prompt, the line is only not filled yet.
    set(field, "placeholder", store.state.model && t("prompt.none"));
    set(box, "data-over", LONG.filter((letters) => prompt.length > letters).join(" "));
    const fresh = reading?.prompt === prompt ? reading : null;
    const chosen = view.word === null ? "" : shownWords(store.state)[view.word]?.text;
    fill(mirror, marks(prompt, fresh, view.word, chosen), "\u200b");
    const cut = fresh?.cut ? prompt.lastIndexOf(fresh.cut) : -1;
    set(box, "data-cut", cut >= 0);
  };

  const tell = () => {
    const { reading, settings, engine } = store.state;
    const fresh = reading && reading.prompt === settings.prompt ? reading : null;
    const said = fresh ? sentences(fresh, store.state.model?.title ?? t("engine.model")) : [];
    fill(
      notes,
      said,
      waiting(store.state, send, () => field.focus()),
      blame(engine),
    );
  };

  /** @param {Reading} reading @param {string} model */
  const sentences = (reading, model) => {
    const out = [];
    if (reading.cut) out.push(sentence("note", rich("prompt.cut", { cut: short(reading.cut) })));
    const unknown = reading.words.filter(
      ({ known, text }, i, all) => !known && all.findIndex((word) => word.text === text) === i,
    );
    if (unknown.length) {
      const words = list(unknown.map(({ text }) => short(text)));
      out.push(sentence("note", rich("prompt.unknown", { model, words })));
    }
    for (const { text, start, end, suggestions } of unknown) {
      if (suggestions.length === 0) continue;
      const offers = suggestions.map((known) =>
        h("button", { class: "button small word-like", click: () => swap(start, end, known) }, known),
      );
      out.push(
        h("div", { class: "choices" }, h("span", {}, rich("prompt.offer", { word: short(text) })), offers),
      );
    }
    return out;
  };

  /** @param {number} start @param {number} end @param {string} text */
  const swap = (start, end, text) => {
    const { prompt } = store.state.settings;
    send.change({ prompt: prompt.slice(0, start) + text + prompt.slice(end) });
    field.focus();
  };

  /** A large model that is not here yet: whether to fetch it. */
  const ask = () => {
    const { list, chosen, kept, device } = store.state.models;
    const model = list.find(({ name }) => name === chosen);
    if (!model) return [];
    const { runs, sentence: why } = device ? fit(model, device, kept) : { runs: true, sentence: "" };
    return [
      sentence(runs ? "note" : "stop", [...rich("models.ask", { title: model.title }), " ", why]),
      h(
        "div",
        { class: "choices" },
        runs &&
          h(
            "button",
            { class: "button small", click: () => send.use(chosen) },
            t("models.fetch", { size: size(missing(model, kept)) }),
          ),
        back(),
      ),
    ];
  };

  /** To the page's own model, which is small. */
  const back = () => {
    const [own] = store.state.models.list;
    return (
      own &&
      h(
        "button",
        { class: "button small", click: () => send.use(own.name) },
        t("models.back", { title: own.title }),
      )
    );
  };

  /** @param {Store["state"]["engine"]} engine what the engine has to say of itself */
  const blame = (engine) => {
    if (engine.status === "asking") return ask();
    if (engine.status === "failed" && engine.error) {
      return [
        trouble(engine.error),
        h(
          "div",
          { class: "choices" },
          h(
            "button",
            { class: "button small", click: () => send.restart() },
            t(engine.bytes > 0 && INTERRUPTED.includes(engine.error.code) ? "engine.on" : "engine.again"),
          ),
          store.state.models.chosen !== store.state.models.list[0]?.name && back(),
        ),
      ];
    }
    const run = shownRun(store.state);
    return run.status === "failed" && run.error ? [trouble(run.error)] : [];
  };

  store.subscribe(
    ({ settings, reading, view, runs, model }) => [
      settings.prompt,
      reading,
      view.word,
      shownRun({ runs }).frames,
      model,
    ],
    draw,
    signal,
  );
  store.subscribe(
    ({ settings, reading, engine, runs, model, models }) => [
      models,
      settings.prompt,
      settings.gains,
      reading,
      engine.status,
      engine.error,
      shownRun({ runs }).error,
      model,
    ],
    tell,
    signal,
  );
  draw();
  tell();
  reach.offer("prompt", () => field.focus(), signal);
}

/**
 * @param {string} prompt
 * @param {Reading | null} reading
 * @param {number | null} index of the chosen word
 * @param {string | undefined} chosen its text
 * @returns {(Node | string)[]}
 */
function marks(prompt, reading, index, chosen) {
  if (!reading) return [prompt];
  const cutAt = reading.cut ? prompt.length - reading.cut.length : prompt.length;
  const out = [];
  let at = 0;
  for (const [i, word] of reading.words.entries()) {
    const isChosen = i === index && word.text === chosen;
    if (word.known && !isChosen) continue;
    // Of the last word only a part may be heard.
    const end = Math.min(word.end, cutAt);
    out.push(prompt.slice(at, word.start));
    out.push(h("span", { class: isChosen ? "chosen-word" : "unknown" }, prompt.slice(word.start, end)));
    at = end;
  }
  out.push(prompt.slice(at, Math.max(at, cutAt)));
  if (cutAt < prompt.length) out.push(h("span", { class: "cut" }, prompt.slice(cutAt)));
  return out;
}

/**
 * @param {"stop" | "note"} kind
 * @param {(Node | string)[]} words
 */
function sentence(kind, words) {
  return h("p", { class: `sentence ${kind === "stop" ? "bad" : ""}` }, icon(kind), h("span", {}, words));
}

/** @param {import("../../types").Trouble} error */
function trouble(error) {
  const said = t(`refusal.${error.reason}`, error.values);
  return sentence("stop", [...rich(`trouble.${error.code}`), document.createTextNode(` ${said}`)]);
}

/** @param {string} text */
function short(text) {
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}
