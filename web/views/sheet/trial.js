/**
 * Small pictures beside one another, from one noise, in each of which something was done to words; what was measured, and
 * the way of any of them to the stage.
 *
 * @import { Kind } from "../../runs/causes.js"
 * @import { Trial } from "../../types"
 * @import { Tools } from "../mounting.js"
 */
import { put, thumbnail } from "../../paint/canvas.js";
import { busy, shownRun } from "../../state/selectors.js";
import { costOf, trialOf, underway } from "../../state/trials.js";
import { duration, number, rich, t } from "../../text/text.js";
import { fill, h, say, set, tell } from "../dom.js";

/**
 * @param {Kind} kind
 * @param {Tools} tools
 * @returns {{ element: HTMLElement, update: (word: string | null) => void }}
 */
export function trial(kind, { store, send }) {
  const title = h("h3");
  const draw = h(
    "button",
    { class: "button small", click: () => send.tryOut(kind, text, false) },
    t("trial.draw"),
  );
  const quick = h("button", { class: "button small", click: () => send.tryOut(kind, text, true) });
  const takes = h("span", { class: "quiet" });
  const stop = h("button", { class: "button small", click: () => send.abandon(kind) }, t("action.cancel"));
  const row = h("div", { class: "trial", role: "group" });
  const said = h("p", { class: "said", "aria-live": "polite" });
  const ways = h("div", { class: "choices" });
  const units = h("p", { class: "quiet" }, t("trial.units"));
  const element = h(
    "section",
    { class: "carries" },
    h("header", {}, title, draw, takes, quick, stop),
    said,
    row,
    ways,
    units,
  );
  /** @type {string | null} */
  let text = null;
  let picked = "";

  /** @param {string} way */
  const pick = (way) => {
    picked = picked === way ? "" : way;
    update(text);
    ways.scrollIntoView({ block: "nearest", behavior: "instant" });
  };

  /** @param {string} way */
  const figure = (way) => {
    const button = h(
      "button",
      { class: "multiple", click: () => pick(way) },
      h("canvas", { class: "soft", "aria-hidden": "true" }),
      h("b"),
      h("span", { class: "num" }),
      h("span", { class: "quiet" }, t(`trial.${way}.why`)),
    );
    button.dataset.way = way;
    return button;
  };

  /** @param {Trial} now */
  const paint = (now) => {
    const names = Object.keys(now.pictures);
    if (row.childElementCount !== names.length)
      fill(
        row,
        names.map((way) => figure(way)),
      );
    for (const button of /** @type {Iterable<HTMLElement>} */ (row.children)) {
      const way = String(button.dataset.way);
      const { picture, change } = now.pictures[way];
      const [canvas, name, apart] = /** @type {any} */ (button.children);
      canvas.classList.toggle("unseen", !picture);
      if (picture) put(canvas, thumbnail(picture));
      fill(name, t(`trial.${way}`));
      fill(apart, change ? t("trial.apart", { apart: number(change.rms) }) : "");
      set(button, "aria-pressed", String(way === picked));
    }
  };

  /** @param {Trial} now */
  const sentence = (now) => {
    const apart = (/** @type {string} */ way) => number(now.pictures[way]?.change?.rms ?? 0);
    if (!now.verdict) return now.error ? [t(`refusal.${now.error.reason}`, now.error.values)] : [];
    return kind === "word"
      ? rich(`verdict.${now.verdict}`, {
          word: String(now.word),
          cut: apart("cut"),
          deleted: apart("deleted"),
        })
      : rich(`verdict.all.${now.verdict}`, { words: apart("words"), padding: apart("padding") });
  };

  /** What can be done with the picture that is picked. @param {Trial} now */
  const offer = (now) => {
    const offered = now.pictures[picked]?.picture ? picked : "";
    if (ways.dataset.offered === offered) return; // who works by keyboard stays at its button
    ways.dataset.offered = offered;
    if (!offered) return fill(ways);
    const name = t(`trial.${picked}`);
    fill(
      ways,
      h(
        "button",
        { class: "button small", click: () => send.stage(kind, picked) },
        t("trial.stage", { name }),
      ),
      picked !== "original" &&
        h("button", { class: "button small", click: () => against(picked) }, t("trial.compare", { name })),
    );
  };

  /** @param {string} way */
  const against = (way) => {
    const sides = send.sides(kind, way);
    if (sides) send.compare(sides.other, sides.original);
  };

  /** @param {string | null} word whose trial it is */
  const update = (word) => {
    const now = trialOf(store.state, kind, word);
    if (word !== text || !now || now.status === "waiting") picked = "";
    text = word;
    const going = underway(now);
    if (word !== null || kind === "all") fill(title, rich(`trial.title.${kind}`, { word: String(word) }));
    set(row, "aria-label", title.textContent);
    stop.hidden = !going;
    draw.hidden = going || now?.status === "finished";
    const { ms, quick: less, much } = costOf(store.state, kind);
    takes.hidden = draw.hidden || !much;
    say(takes, t("trial.takes", { time: duration(ms / 1000) }));
    quick.hidden = takes.hidden;
    say(quick, t("trial.quick", { time: duration(less / 1000) }));
    draw.disabled = quick.disabled = busy(store.state) || !shownRun(store.state).settings;
    row.hidden = units.hidden = !now;
    ways.hidden = !now;
    tell(said, now ? sentence(now) : []);
    if (!now) return;
    paint(now);
    offer(now);
  };
  return { element, update };
}
