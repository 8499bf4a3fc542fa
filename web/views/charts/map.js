/**
 * Ways over a plane whose axes never move, both on one scale: it is looked at by panning and zooming alone.
 *
 * @typedef {[number, number]} Place
 *
 * @typedef {object} Way
 * @property {"a" | "b" | "faint"} kind round and solid, square and hollow, or one of those that were there before
 * @property {Place[]} places from its beginning on
 * @property {number | null} here which of them is on show
 * @property {{ at: number, image: ImageData }[]} pictures that hang at some of them
 *
 * @typedef {object} Ways
 * @property {string} label what they show, for who cannot see them
 * @property {[Place, Place]} extent the lowest and the highest place of the plane along each axis that is in sight at first
 * @property {Way[]} ways
 * @property {[Place, Place][]} links lines between what belongs together
 */
import { put, thumbnail } from "../../paint/canvas.js";
import { t } from "../../text/text.js";
import { axisBottom, axisLeft, line, scaleLinear, select, zoom, zoomIdentity } from "../../vendor/d3.js";
import { fill, h, rem, s, set, sized, unitOf } from "../dom.js";

const CLOSEST = 24; // times that the map can be enlarged
// In units of the stage, as all that is drawn.
const NEAR = 22; // round a place, that count as it
const PICTURE = 48; // across, as in the style sheet
const EDGE = { left: 38, bottom: 22 };
const KEEP = 26; // that the first sight leaves round the ways
const PAN = 40; // an arrow key
const LARGER = 1.5;

/**
 * @param {(kind: "a" | "b", at: number) => void} pick called with a place that is pressed; the keyboard has other ways to it
 * @param {AbortSignal} signal
 * @returns {{ element: HTMLElement, draw: (ways: Ways) => void }}
 */
export function map(pick, signal) {
  const plane = s("svg", { role: "img" });
  const hung = h("div", { class: "map-pictures", "aria-hidden": "true" });
  const go = (/** @type {string} */ name, /** @type {string} */ sign, /** @type {() => void} */ click) =>
    h("button", { class: "tool", "aria-label": name, title: name, click }, sign);
  const element = h(
    "div",
    { class: "map", role: "group", tabindex: 0, "aria-label": t("map.label") },
    /** @type {any} */ (plane),
    hung,
    h(
      "div",
      { class: "map-tools" },
      go(t("map.in"), "+", () => by(LARGER)),
      go(t("map.out"), "−", () => by(1 / LARGER)),
      go(t("map.home"), t("map.whole"), () => all.call(behaviour.transform, zoomIdentity)),
    ),
  );
  const all = select(/** @type {any} */ (plane));
  /** @type {Ways | null} */
  let shown = null;
  /** Where each place that can be picked is seen, in units. @type {{ kind: "a" | "b", at: number, x: number, y: number }[]} */
  let seen = [];

  const behaviour = zoom()
    .scaleExtent([1, CLOSEST])
    // One finger scrolls the page, unless something is enlarged.
    .filter((/** @type {any} */ event) => {
      if (event.type === "touchstart") return event.touches.length > 1 || enlarged();
      return !event.button && (event.type !== "wheel" || event.ctrlKey || enlarged());
    })
    .on("zoom", () => render());
  const now = () => /** @type {any} */ (plane).__zoom ?? zoomIdentity;
  const enlarged = () => now().k > 1;
  const by = (/** @type {number} */ times) => all.call(behaviour.scaleBy, times);

  const measure = () => [element.clientWidth / unitOf(), element.clientHeight / unitOf()];

  const render = () => {
    const [width, height] = measure();
    if (!shown || width === 0) return;
    set(element, "data-enlarged", enlarged());
    const [[left, right], [low, high]] = shown.extent;
    const middle = [(EDGE.left + width) / 2, (height - EDGE.bottom) / 2];
    const room = [width - EDGE.left - 2 * KEEP, height - EDGE.bottom - 2 * KEEP];
    const unit = Math.min(room[0] / (right - left || 1), room[1] / (high - low || 1));
    const ends = (
      /** @type {number} */ centre,
      /** @type {number} */ from,
      /** @type {number} */ to,
      /** @type {number} */ sign,
    ) => [from, to].map((at) => centre + (sign * (at - middle[sign > 0 ? 0 : 1])) / unit);
    // One unit is as long across as up.
    const x = now().rescaleX(scaleLinear(ends((left + right) / 2, 0, width, 1), [0, width]));
    const y = now().rescaleY(scaleLinear(ends((low + high) / 2, 0, height, -1), [0, height]));
    const at = (/** @type {Place} */ [across, up]) => /** @type {Place} */ ([x(across), y(up)]);
    const across = s("g", { class: "ticks", transform: `translate(0 ${height - EDGE.bottom})` });
    const upwards = s("g", { class: "ticks", transform: `translate(${EDGE.left} 0)` });
    const cut = s("g", { class: "map-ways", transform: "translate(0 0)" });
    const xs = x
      .ticks(width / 90)
      .filter((/** @type {number} */ tick) => x(tick) > EDGE.left + 16 && x(tick) < width - 12);
    const ys = y
      .ticks(height / 70)
      .filter((/** @type {number} */ tick) => y(tick) > 8 && y(tick) < height - EDGE.bottom - 8);
    select(/** @type {any} */ (across)).call(axisBottom(x).tickValues(xs).tickSizeOuter(0));
    select(/** @type {any} */ (upwards)).call(axisLeft(y).tickValues(ys).tickSizeOuter(0));
    const rule = line();
    cut.append(
      ...shown.links.map((link) => s("path", { class: "map-link", d: rule(link.map(at)) ?? "" })),
      ...shown.ways.map(({ kind, places }) =>
        s("path", { class: `map-way ${kind}`, d: rule(places.map(at)) ?? "" }),
      ),
      ...shown.ways.flatMap(({ kind, places, here }) =>
        kind === "faint" ? [] : places.map((place, k) => point(at(place), kind, k, k === here)),
      ),
    );
    set(plane, "viewBox", `0 0 ${width} ${height}`);
    set(plane, "aria-label", shown.label);
    plane.replaceChildren(
      cut,
      s("rect", { class: "map-edge", x: 0, y: height - EDGE.bottom, width, height: EDGE.bottom }),
      s("rect", { class: "map-edge", x: 0, y: 0, width: EDGE.left, height }),
      across,
      upwards,
    );
    seen = shown.ways.flatMap(({ kind, places }) =>
      kind === "faint" ? [] : places.map((place, k) => ({ kind, at: k, x: at(place)[0], y: at(place)[1] })),
    );
    hang(shown.ways, at, width, height);
  };

  /** @param {Place} place in units @param {"a" | "b"} kind @param {number} index @param {boolean} here */
  const point = ([x, y], kind, index, here) => {
    const name = here ? "here" : `map-point ${kind}`;
    if (index === 0) return s("path", { class: name, d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z` });
    const r = here ? 6 : 4;
    return kind === "a"
      ? s("circle", { class: name, cx: x, cy: y, r })
      : s("rect", { class: name, x: x - r, y: y - r, width: 2 * r, height: 2 * r });
  };

  /** Hang pictures beside their places, on the side away from the other way, as far as there is room. */
  const hang = (
    /** @type {Way[]} */ ways,
    /** @type {(place: Place) => Place} */ at,
    /** @type {number} */ width,
    /** @type {number} */ height,
  ) => {
    const size = PICTURE;
    /** @type {number[][]} */
    const taken = [];
    const covers = (/** @type {number[]} */ [left, top], /** @type {number[]} */ [x, y], reach = size) =>
      Math.abs(x - left) < reach && Math.abs(y - top) < reach;
    const within = (/** @type {number} */ at, /** @type {number} */ least, /** @type {number} */ most) =>
      Math.max(least, Math.min(most - size, at));
    /** @type {HTMLCanvasElement[]} */
    const canvases = [];
    for (const { kind, places, pictures } of ways) {
      const other = ways.find((way) => way.kind !== kind && way.kind !== "faint");
      for (const { at: index, image } of pictures.toReversed()) {
        const [x, y] = at(places[index]);
        const theirs = other ? at(other.places[Math.min(index, other.places.length - 1)]) : null;
        const [ux, uy] = aside(places.map(at), index, theirs);
        const far = size / 2 + 12;
        const place = [far, -far]
          .map((by) => [
            within(x + ux * by - size / 2, EDGE.left, width),
            within(y + uy * by - size / 2, 0, height - EDGE.bottom),
          ])
          .find(
            (one) =>
              !covers(one, [x - size / 2, y - size / 2], size / 2) &&
              !taken.some((other) => covers(one, other)),
          );
        if (!place) continue;
        taken.push(place);
        const canvas = h("canvas", { class: `soft ${kind}` });
        canvas.style.transform = `translate(${rem(place[0])}, ${rem(place[1])})`;
        put(canvas, thumbnail(image));
        canvases.push(canvas);
      }
    }
    fill(hung, canvases);
  };

  plane.addEventListener("click", (event) => {
    const { clientX, clientY } = /** @type {MouseEvent} */ (event);
    const box = element.getBoundingClientRect();
    const far = (/** @type {{ x: number, y: number }} */ { x, y }) =>
      Math.hypot(x - (clientX - box.left) / unitOf(), y - (clientY - box.top) / unitOf());
    const nearest = seen.toSorted((one, other) => far(one) - far(other))[0];
    if (nearest && far(nearest) <= NEAR) pick(nearest.kind, nearest.at);
  });
  element.addEventListener("keydown", (event) => {
    if (event.target !== element) return;
    const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (pan) all.call(behaviour.translateBy, (pan[0] * PAN) / now().k, (pan[1] * PAN) / now().k);
    else if (event.key === "+" || event.key === "=") by(LARGER);
    else if (event.key === "-") by(1 / LARGER);
    else if (event.key === "Home") all.call(behaviour.transform, zoomIdentity);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  sized(
    element,
    () => {
      const [width, height] = measure();
      behaviour.extent([
        [0, 0],
        [width, height],
      ]);
      behaviour.translateExtent([
        [-width / 2, -height / 2],
        [1.5 * width, 1.5 * height],
      ]);
      render();
    },
    signal,
  );
  all.call(behaviour);
  signal.addEventListener("abort", () => all.on(".zoom", null), { once: true });
  return {
    element,
    draw(ways) {
      shown = ways;
      render();
    },
  };
}

/**
 * @param {Place[]} way in units
 * @param {number} index of a place on it
 * @param {Place | null} other a place that is to be avoided
 * @returns {Place} the direction at right angles to the way, away from the other place, or else downwards
 */
function aside(way, index, other) {
  const [before, after] = [way[Math.max(0, index - 1)], way[Math.min(way.length - 1, index + 1)]];
  const length = Math.hypot(after[0] - before[0], after[1] - before[1]) || 1;
  const [x, y] = [(before[1] - after[1]) / length, (after[0] - before[0]) / length];
  const towards = other ? x * (other[0] - way[index][0]) + y * (other[1] - way[index][1]) : -y;
  return towards > 0 ? [-x, -y] : [x, y];
}
