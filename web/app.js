/** Puts the page together: the words, the store, the engine, the views of views/views.js, the rooms of rooms/rooms.js. */

import { Engine } from "./engine/engine.js";
import { faceOf } from "./engine/face.js";
import { inhabit } from "./rooms/inhabit.js";
import { readRoom } from "./state/address.js";
import { Budget } from "./state/budget.js";
import { commandsOf } from "./state/commands.js";
import { shownRun } from "./state/selectors.js";
import { Store } from "./state/store.js";
import { loadText } from "./text/text.js";
import { mountAll, wear } from "./views/mounting.js";
import { Reach } from "./views/reach.js";
import { wearTheme } from "./views/theme.js";
import { VIEWS } from "./views/views.js";

const store = new Store();
const budget = new Budget(store, (motion) => {
  document.documentElement.dataset.motion = motion;
});
const engine = new Engine(store);
const send = commandsOf(store, engine);
const tools = { store, send, budget, reach: new Reach() };
window.diffuscope = faceOf(engine);

wearTheme(store);
// Before any view measures itself: an opened part takes the panel's place, and the frame makes room.
store.subscribe(
  ({ view }) => [view.part],
  () => document.body.toggleAttribute("data-open", store.state.view.part !== null),
);
await Promise.all([loadText("en"), wear(VIEWS.flatMap(({ style = [] }) => style))]);

const stage = VIEWS.filter(({ place }) => place === "main");
mountAll(
  VIEWS.filter((view) => !stage.includes(view)),
  tools,
  new AbortController().signal,
);
store.set({ view: { room: readRoom(location.hash) } });
inhabit(stage, tools);
addEventListener("popstate", () => send.travel());
// A word of one prompt is none of another's.
store.subscribe(
  (state) => [shownRun(state).settings?.prompt],
  () => send.choose(null),
);
// What starting takes, stage by stage, for the browser's timeline and `make bench`.
store.subscribe(
  ({ engine: { status, stage } }) => [status, stage],
  () => performance.mark(`engine: ${`${store.state.engine.status} ${store.state.engine.stage}`.trim()}`),
);
engine.start();
const [first] = await send.recordings();
// It also plays while the picture of an address waits for the engine.
if (first && ["idle", "waiting"].includes(shownRun(store.state).status)) send.watch(first);
