/**
 * Where the visitor is, `view.room`: the stage with its views, or a room in their place. A room that is not there, does
 * not load, or fails while it is mounted leads back to the stage, with a sentence.
 *
 * @import { Tools, View } from "../views/mounting.js"
 * @import { Room } from "./rooms.js"
 */
import { STAGE } from "../state/address.js";
import { h, set } from "../views/dom.js";
import { mountAll, placeOf, wear } from "../views/mounting.js";
import { ROOMS } from "./rooms.js";

/**
 * Mount what the visitor is at, and go on doing so.
 *
 * @param {View[]} views that make up the stage
 * @param {Tools} tools
 */
export function inhabit(views, tools) {
  const { store, send } = tools;
  const main = placeOf("main");
  /** What is mounted: a room, the stage, or nothing yet. */
  let here = "";
  let visit = new AbortController();
  /** How far down the stage was scrolled. */
  let depth = 0;

  /** End what is mounted, and begin another visit. @param {string} room @returns {AbortSignal} of the visit */
  const turn = (room) => {
    if (here === STAGE) depth = scrollY;
    visit.abort();
    visit = new AbortController();
    here = room;
    set(main, "data-room", room !== STAGE && room);
    return visit.signal;
  };

  const stage = () => {
    mountAll(views, tools, turn(STAGE));
    scrollTo({ top: depth, behavior: "instant" });
  };

  /** @param {Room} room */
  const enter = async ({ name, load, style = [] }) => {
    try {
      const [{ mount }] = await Promise.all([load(), wear(style)]);
      if (store.state.view.room !== name || here === name) return; // the visitor has gone on
      const signal = turn(name);
      const element = h("section", { class: `room ${name.replaceAll("/", "-")}`, tabindex: -1 });
      signal.addEventListener("abort", () => element.remove());
      main.append(element);
      tools.reach.offer("room", () => element.focus(), signal);
      await mount(element, tools, signal);
      if (here !== name) return;
      scrollTo({ top: 0, behavior: "instant" });
      element.focus({ preventScroll: true });
    } catch (error) {
      console.warn(`The room ${name}:`, error);
      if (store.state.view.room === name) send.miss(name, "failed");
    }
  };

  const follow = () => {
    const { room } = store.state.view;
    if (room === here) return;
    if (room === STAGE) return stage();
    const known = ROOMS.find(({ name }) => name === room);
    if (known) enter(known);
    else send.miss(room, "unknown");
  };
  store.subscribe(({ view }) => [view.room], follow);
  follow();
}
