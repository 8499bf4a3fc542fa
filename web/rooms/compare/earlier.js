/**
 * The finished runs of this visit, newest first, each once: any of them becomes A or B.
 *
 * @import { Run } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 */
import { put, putFile, thumbnail } from "../../paint/canvas.js";
import { causes } from "../../state/differences.js";
import { besideRun, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";
import { fill, h, set } from "../../views/dom.js";
import { nameOf, written } from "./sides.js";

const MOST = 24; // runs that are offered

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  const list = h("ol", { class: "runs" });
  element.append(h("h3", {}, t("earlier.title")), h("p", { class: "quiet" }, t("earlier.why")), list);

  /** Finished runs; of equal ones the newest, or that on show. @returns {Run[]} */
  const offered = () => {
    const { byId, shown, beside } = store.state.runs;
    const here = (/** @type {Run} */ { id }) => Number(id === shown || id === beside);
    const finished = Object.values(byId).filter(
      ({ status, source }) => status === "finished" && source === "live",
    );
    /** @type {Run[]} */
    const each = [];
    for (const run of finished.toReversed().toSorted((one, other) => here(other) - here(one)))
      if (here(run) || !each.some((one) => alike(one, run))) each.push(run);
    const place = (/** @type {Run} */ run) => finished.indexOf(run);
    return each.toSorted((one, other) => place(other) - place(one)).slice(0, MOST);
  };

  /** What each item shows, so that it is built anew only where that changes. */
  let built = "";

  const update = () => {
    const runs = offered();
    const { shown, beside } = store.state.runs;
    element.hidden = runs.length < 2;
    const key = runs.map(({ id }) => id).join();
    if (key !== built) {
      built = key;
      fill(list, runs.map(item));
    }
    for (const [index, one] of [...list.children].entries()) {
      const { id } = runs[index];
      for (const button of one.querySelectorAll("button"))
        set(button, "aria-pressed", String(id === (button.dataset.letter === "a" ? shown : beside)));
    }
  };

  /** @param {Run} run */
  const item = (run) => {
    const canvas = h("canvas", { class: "soft", "aria-hidden": "true" });
    const last = run.packed?.at(-1)?.preview ?? run.picture;
    if (last instanceof Blob) putFile(canvas, last).catch(() => {});
    else if (last) put(canvas, thumbnail(last));
    const name = nameOfRun(run);
    const take = (/** @type {"a" | "b"} */ letter) =>
      h(
        "button",
        {
          class: `letter ${letter}`,
          "data-letter": letter,
          "aria-label": t("earlier.take", { name, letter: t(`compare.${letter}`) }),
          click: () => {
            const { shown, beside } = store.state.runs;
            if (letter === "a") send.juxtapose(run.id, beside ?? shown);
            else send.juxtapose(shown, run.id);
          },
        },
        t(`compare.${letter}`),
      );
    return h("li", {}, canvas, h("span", { class: "run-name" }, name), h("span", {}, take("a"), take("b")));
  };

  store.subscribe(
    ({ runs }) => [
      Object.keys(runs.byId).join(),
      runs.beside,
      shownRun({ runs }).status,
      shownRun({ runs }).id,
      besideRun({ runs })?.status,
    ],
    update,
    signal,
  );
  update();
}

/** @param {Run} one @param {Run} other @returns {boolean} whether they drew the same with the same */
function alike(one, other) {
  if (!one.settings || !other.settings || one.model !== other.model) return false;
  return causes(one.settings, other.settings).length === 0;
}

/** @param {Run} run @returns {string} its prompt, and what else is told of a picture first */
function nameOfRun({ settings }) {
  if (!settings) return "";
  const prompt = settings.prompt.trim() || t("prompt.none");
  const facts = /** @type {const} */ (["seed", "guidance", "sampler", "steps"]);
  return [prompt, ...facts.map((name) => `${nameOf(name)} ${written(name, settings)}`)].join(", ");
}
