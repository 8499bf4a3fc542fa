/** Puts the page together: the words, the store, the engine, and one view for each place in index.html. */

import { Engine } from "./engine/engine.js";
import { Budget } from "./state/budget.js";
import { Commands } from "./state/commands.js";
import { shownRun } from "./state/selectors.js";
import { Store } from "./state/store.js";
import { loadText } from "./text/text.js";
import * as actions from "./views/ask/actions.js";
import * as prompt from "./views/ask/prompt.js";
import * as settings from "./views/ask/settings.js";
import { watch } from "./views/dom.js";
import { accept } from "./views/drop.js";
import * as head from "./views/head/head.js";
import { listen } from "./views/keys.js";
import * as live from "./views/live.js";
import * as parts from "./views/parts.js";
import * as sheet from "./views/sheet/sheet.js";
import * as side from "./views/side/side.js";
import * as skip from "./views/skip.js";
import * as stage from "./views/stage/stage.js";
import * as strip from "./views/strip/strip.js";
import { wearTheme } from "./views/theme.js";

const store = new Store();
const budget = new Budget(store, (motion) => {
  document.documentElement.dataset.motion = motion;
});
const engine = new Engine(store);
const send = new Commands(store, engine);
window.diffuscope = engine.face;

wearTheme(store);
// Before any view measures itself: an opened part takes the panel's place, and the frame makes room.
watch(
  store,
  ({ view }) => [view.part],
  () => document.body.toggleAttribute("data-open", store.state.view.part !== null),
);
await loadText("en");

for (const [id, view] of Object.entries({
  skip,
  head,
  field: prompt,
  settings,
  actions,
  stage,
  side,
  sheet,
  strip,
  parts,
  live,
})) {
  const element = document.getElementById(id);
  if (element) view.mount(element, store, send, budget);
}
listen(store, send);
accept(document.body, send);
addEventListener("popstate", () => send.travel());
// A word of one prompt is none of another's.
watch(
  store,
  (state) => [shownRun(state).settings?.prompt],
  () => store.set({ view: { word: null } }),
);
// What starting takes, stage by stage, for the browser's timeline and `make bench`.
watch(
  store,
  ({ engine: { status, stage } }) => [status, stage],
  () => performance.mark(`engine: ${`${store.state.engine.status} ${store.state.engine.stage}`.trim()}`),
);
engine.start();
const [first] = await send.recordings();
// It also plays while the picture of an address waits for the engine.
if (first && ["idle", "waiting"].includes(shownRun(store.state).status)) send.watch(first);
