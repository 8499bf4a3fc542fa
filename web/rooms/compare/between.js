/**
 * What lies between the two: their ways over the map of latents, and how far apart they are at each step.
 *
 * @import { Compared, Run } from "../../types"
 * @import { Tools } from "../../views/mounting.js"
 * @import { Place, Way } from "../../views/charts/map.js"
 */
import { imageOf } from "../../paint/lens.js";
import { sightOf } from "../../state/lenses.js";
import {
  besideRun,
  shownCompared,
  shownFrame,
  shownModel,
  shownRun,
  shownSteps,
} from "../../state/selectors.js";
import { number, percent, rich, t } from "../../text/text.js";
import { curve } from "../../views/charts/curve.js";
import { map } from "../../views/charts/map.js";
import { panel } from "../../views/charts/panel.js";
import { fill, h } from "../../views/dom.js";
import { aspects, frameOf, runOf } from "./sides.js";
import { extentOf, placesOf, sameAxes } from "./ways.js";

const HUNG = [0.3, 0.62, 1]; // parts of the way at which a picture hangs

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, { store, send }, signal) {
  const stepOfA = (/** @type {number} */ ofB) =>
    shownCompared(store.state)?.pairs?.find(({ b }) => b >= ofB)?.a ?? ofB;
  const plane = map((kind, at) => send.show(Math.max(1, kind === "a" ? at : stepOfA(at))), signal);
  const absent = h("p", { class: "quiet" });
  const ways = panel(t("map.title"), [plane.element, absent], () => ({
    head: [t("table.step"), t("map.of.a"), t("map.of.b")],
    rows: rowsOfWays(),
  }));
  const distances = curve((step) => send.show(step), signal);
  const apart = panel(t("apart.title"), [distances.element], () => ({
    head: [t("table.step"), t("apart.step.b"), t("apart.latents"), t("apart.foreseen")],
    rows: pairs().map(({ a, b, distance, foreseen }) => [a, b, number(distance, 3), number(foreseen, 3)]),
  }));
  const sentence = h("p", { class: "lead" });
  element.append(ways.element, apart.element, sentence);
  fill(
    apart.facts,
    h("span", { class: "key" }, t("apart.latents")),
    h("span", { class: "key dashed" }, t("apart.foreseen")),
  );

  const pairs = () => shownCompared(store.state)?.pairs ?? [];
  const placed = () =>
    [runOf(store.state, "a"), runOf(store.state, "b")].map((run) =>
      run && sameAxes(run.model, shownModel(store.state)) ? placesOf(run) : [],
    );

  const rowsOfWays = () => {
    const [ofA, ofB] = placed();
    const said = (/** @type {Place | undefined} */ place) =>
      place ? place.map((value) => number(value, 2)).join(" / ") : "";
    return Array.from({ length: Math.max(ofA.length, ofB.length) }, (_, k) => [
      k,
      said(ofA[k]),
      said(ofB[k]),
    ]);
  };

  const drawWays = () => {
    const { runs } = store.state;
    const model = shownModel(store.state);
    const [ofA, ofB] = placed();
    const others = Object.values(runs.byId).filter(({ id }) => id !== runs.shown && id !== runs.beside);
    const theirs = others.filter((run) => sameAxes(run.model, model));
    const earlier = theirs.map(placesOf).filter(({ length }) => length > 0);
    const there = ofA.length > 0 || ofB.length > 0;
    // Before the first step nobody knows whether frames say their places, only whether the model has axes.
    const mute = shownRun(store.state).frames.length > 0 && !there;
    absent.hidden = Boolean(model?.axes) && !mute;
    plane.element.hidden = !absent.hidden;
    if (!absent.hidden) fill(absent, t(model?.axes ? "map.mute" : "map.none"));
    const extent = extentOf(model, [...ofA, ...ofB, ...earlier.flat()]);
    plane.draw({
      label: t("map.text", {
        a: Math.max(0, ofA.length - 1),
        b: Math.max(0, ofB.length - 1),
        earlier: earlier.length,
      }),
      extent,
      ways: [
        ...earlier.map((places) => /** @type {Way} */ ({ kind: "faint", places, here: null, pictures: [] })),
        ...(ofA.length ? [way("a", ofA)] : []),
        ...(ofB.length ? [way("b", ofB)] : []),
      ],
      links: pairs().flatMap(({ a, b }) => (ofA[a] && ofB[b] ? [[ofA[a], ofB[b]]] : [])),
    });
    ways.update(there ? axesSay() : "");
  };

  /** @param {"a" | "b"} kind @param {Place[]} places @returns {Way} */
  const way = (kind, places) => {
    const run = runOf(store.state, kind);
    const frames = run?.frames ?? [];
    const shown = HUNG.map((part) => Math.round(part * (run?.steps ?? 0))).filter((at) => frames[at - 1]);
    const image = (/** @type {number} */ at) =>
      imageOf(sightOf(/** @type {Run} */ (run), frames[at - 1], store.state.view), true);
    const pictures = shown.map((at) => ({ at, image: image(at) }));
    return { kind, places, here: frameOf(store.state, kind)?.step ?? null, pictures };
  };

  /** What the axes are. */
  const axesSay = () => {
    const axes = shownModel(store.state)?.axes;
    if (!axes) return "";
    const [across = 0, up = 0] = axes.variance ?? [];
    return axes.runs
      ? t("map.axes", { runs: axes.runs, across: percent(across), up: percent(up) })
      : t("map.axes.chance");
  };

  const drawApart = () => {
    const known = shownCompared(store.state);
    distances.draw({
      label: t("apart.title"),
      steps: shownSteps(store.state),
      lines: [
        { values: pairs().map(({ foreseen }) => foreseen), dashed: true },
        { values: pairs().map(({ distance }) => distance) },
      ],
      here: shownFrame(store.state)?.step ?? null,
      mark: known?.parting ? pairs()[known.parting - 1]?.a : null,
    });
    apart.element.hidden = known?.pairs === null;
    apart.update();
    fill(sentence, known ? said(known) : []);
  };

  /** @param {Compared} known */
  const said = ({ pairs: known, parting }) => {
    if (known === null) return [t("apart.shapes")];
    const last = known.at(-1);
    if (!last) return [];
    const distance = number(last.distance, 2);
    if (!ended(runOf(store.state, "a")) || !ended(runOf(store.state, "b")))
      return rich("apart.sofar", { distance });
    if (parting !== null) return rich("apart.part", { step: known[parting - 1].a, distance });
    return known.every(({ distance }) => distance === 0)
      ? rich("apart.same")
      : rich("apart.together", { distance });
  };

  const draw = () => {
    drawWays();
    drawApart();
  };
  store.subscribe(
    ({ runs, view, model, settings }) => [
      ...aspects(shownRun({ runs })),
      ...aspects(besideRun({ runs })),
      Object.keys(runs.byId).join(),
      runs.compared,
      view,
      model,
      settings.steps,
    ],
    draw,
    signal,
  );
  draw();
}

/** @param {Run | null} run */
function ended(run) {
  return run?.status === "finished";
}
