/**
 * The words' threads: through the text encoder and into every lap; as thick as the part of
 * the words' attention that the word gets. What the words do not get has a quiet thread of its own.
 *
 * @import { Store } from "../../state/store.js"
 * @import { Geometry } from "./geometry.js"
 */
import { gainOf, lower } from "../../state/gains.js";
import { shownFrame, shownRun, shownSettings, shownWords } from "../../state/selectors.js";
import { shareOf, wordsPart } from "../../state/shares.js";
import { percent, t } from "../../text/text.js";
import { s } from "../dom.js";
import { ENCODER } from "./geometry.js";

const THIN = 0.7;
const THICK = 2.9;
const NUMBER = 20; // width that a slot's number takes
const REST = { first: 32, below: 32, above: 60 }; // where the row of the rest may stand: under the words, over the noise
const DOTS = { least: 0.8, more: 2.5 };

/**
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {() => import("./sockets.js").Socket[]} socketsOf
 * @param {AbortSignal} signal
 */
export function mount(element, store, socketsOf, signal) {
  const svg = s("svg", { class: "layer threads", "aria-hidden": "true" });
  // The beads move, so they have a layer of their own that alone is painted again; they pass under the slots.
  const moving = s("svg", { class: "layer threads moving", "aria-hidden": "true" });
  element.append(svg, moving);

  /** @type {Geometry | null} */
  let geometry = null;

  /**
   * @param {{ x: number, y: number }} socket
   * @param {number} entry
   * @param {number} end how far into the band
   */
  const path = (socket, entry, end) => {
    if (geometry?.kind === "narrow") {
      const top = geometry.frame.y;
      return `M${socket.x} ${socket.y}V48C${socket.x} ${top - 24} ${entry} ${top - 30} ${entry} ${top - 4}V${top + end}`;
    }
    const left = geometry?.frame.x ?? 0;
    const out = ENCODER.x + ENCODER.width;
    const room = left - out;
    return (
      `M${socket.x} ${socket.y}H${out}C${out + room * 0.43} ${socket.y} ${out + room * 0.33} ${entry} ` +
      `${out + room * 0.75} ${entry}H${left + end}`
    );
  };

  const draw = () => {
    if (!geometry || geometry.kind === "bare") {
      svg.replaceChildren();
      moving.replaceChildren();
      return;
    }
    const { view } = store.state;
    const run = shownRun(store.state);
    const { gains } = shownSettings(store.state);
    const words = shownWords(store.state);
    const frame = shownFrame(store.state);
    const sockets = socketsOf();
    const past = run.frames.slice(0, frame?.step ?? 0);
    const most = Math.max(1e-9, ...run.frames.flatMap((one) => one.words.map((_, k) => shareOf(one, k))));
    const { skipped } = run;
    const perLap = run.steps ? geometry.laps / (run.steps + skipped) : 1;
    const complete = past.length >= run.steps && run.steps > 0;
    const end = complete
      ? geometry.band
      : Math.min(geometry.band, geometry.gap * ((past.length + (past.length && skipped)) * perLap + 0.5));
    const strongest = [...words.keys()]
      .sort((a, b) => (words[b].share ?? 0) - (words[a].share ?? 0))
      .slice(0, 3);
    const casings = [];
    const threads = [];
    const dots = [];
    const beads = [];
    for (const [index, word] of words.entries()) {
      const socket = sockets[index];
      if (!socket) continue;
      const { entry, hidden } = socket;
      const on = view.word === index;
      const off = gainOf(lower(gains), word.text) === 0;
      const share = frame ? shareOf(frame, index) : 0;
      const width = on ? 4 : hidden ? THIN : THIN + (THICK * share) / most; // the share knows the strength
      const d = path(socket, entry, end);
      casings.push(s("path", { d, class: "casing", "stroke-width": width + 3 }));
      const state = `${on ? " on" : ""}${off ? " off" : ""}${view.word !== null && !on ? " back" : ""}`;
      threads.push(s("path", { d, class: `thread${state}`, "stroke-width": width.toFixed(2) }));
      if (hidden) continue;
      threads.push(s("circle", { class: `socket${state}`, cx: socket.x, cy: socket.y, r: 4.5 }));
      if (run.status === "running" && strongest.includes(index) && word.share !== null) {
        beads.push(s("path", { d, class: "beads under", "stroke-width": width + 6 }));
        beads.push(s("path", { d, class: "beads", "stroke-width": width + 2.6 }));
      }
      const reached = past.length && (past.length + skipped) * perLap;
      for (let lap = Math.ceil(skipped * perLap); lap < reached; lap++) {
        // A lap that stands for several steps shows the first of them.
        const share = shareOf(past[Math.floor(lap / perLap) - skipped], index);
        const at = geometry.gap * (lap + 0.5);
        const [cx, cy] =
          geometry.kind === "narrow" ? [entry, geometry.frame.y + at] : [geometry.frame.x + at, entry];
        const room = Math.min(DOTS.least + DOTS.more, geometry.gap * 0.48);
        const r = DOTS.least + (room - DOTS.least) * (share / most);
        dots.push(s("circle", { class: `dot${on ? " on" : ""}`, cx, cy, r: r.toFixed(2) }));
      }
    }
    const encoder = geometry.kind === "wide" ? [arcs(sockets), boxes(words, sockets)] : [[], []];
    const inSight = sockets.filter(({ hidden }) => !hidden).length;
    const place = inSight === sockets.length ? inSight : inSight + 1; // below the bundle of the others
    const others = frame && geometry.kind === "wide" ? rest(wordsPart(frame), sockets, place, end) : [];
    svg.replaceChildren(...encoder[0], ...casings, ...others, ...threads, ...dots);
    moving.replaceChildren(...beads, ...encoder[1]);
  };

  /**
   * The slots of the start, the end and the padding: their name with their part of all attention, and their thread,
   * hollow, since it is not as thick as the attention that they get.
   * @param {number} part that the words get
   * @param {import("./sockets.js").Socket[]} sockets
   * @param {number} place below the words in sight
   * @param {number} end
   */
  const rest = (part, sockets, place, end) => {
    if (!geometry) return [];
    const last = Math.max(...sockets.map((socket) => socket?.y ?? 0), REST.first);
    const y = Math.min(last + REST.below, geometry.height - REST.above);
    const x = ENCODER.x + ENCODER.width;
    const name = s("text", { class: "rest-name", x: x - 8, y: y + 4.5 });
    name.textContent = t("threads.rest", { share: percent(1 - part) });
    const d = path({ x, y }, geometry.entry(place), end);
    return [
      s("path", { d, class: "casing", "stroke-width": 8 }),
      s("path", { d, class: "thread rest", "stroke-width": 5 }),
      s("path", { d, class: "casing", "stroke-width": 3 }),
      name,
    ];
  };

  /**
   * The encoder's slots that each word's pieces fill; many share a box, with the first number and the last.
   * @param {{ tokens: number[] }[]} words
   * @param {import("./sockets.js").Socket[]} sockets
   */
  const boxes = (words, sockets) =>
    words.flatMap(({ tokens }, index) => {
      const socket = sockets[index];
      if (!socket || socket.hidden) return [];
      const numbered = ENCODER.width / tokens.length >= NUMBER;
      const names = numbered ? tokens.map(String) : [`${tokens[0]}–${tokens.at(-1)}`];
      const width = numbered ? Math.min(28, ENCODER.width / names.length) : ENCODER.width;
      const left = ENCODER.x + (ENCODER.width - width * names.length) / 2;
      return names.flatMap((name, k) => {
        const x = left + k * width;
        const label = s("text", { class: "slot-name", x: x + width / 2, y: socket.y + 4.5 });
        label.textContent = name;
        return [s("rect", { class: "slot", x, y: socket.y - 10, width, height: 20 }), label];
      });
    });

  /** Inside the text encoder every word hears the words before it (a causal transformer).
   * @param {import("./sockets.js").Socket[]} sockets */
  const arcs = (sockets) => {
    const ys = sockets.flatMap(({ y, hidden }) => (hidden ? [] : [y]));
    const out = [];
    for (let from = 0; from < ys.length; from++) {
      for (let to = from + 1; to < ys.length; to++) {
        const bend = 8 + 5 * (to - from);
        const x = ENCODER.x - 4;
        out.push(
          s("path", {
            class: "arc",
            d: `M${x} ${ys[from]}C${x - bend} ${ys[from] + 6} ${x - bend} ${ys[to] - 6} ${x} ${ys[to]}`,
          }),
        );
      }
    }
    return out;
  };

  store.subscribe(
    ({ runs, view, settings, reading }) => [
      shownRun({ runs }).settings,
      shownRun({ runs }).frames,
      shownRun({ runs }).status,
      view.word,
      view.step,
      settings.gains,
      reading,
    ],
    draw,
    signal,
  );

  return {
    draw,
    /** @param {Geometry} next */
    place(next) {
      geometry = next;
      moving.setAttribute("viewBox", `0 0 ${next.width} ${next.height}`);
      svg.setAttribute("viewBox", `0 0 ${next.width} ${next.height}`);
      draw();
    },
  };
}
