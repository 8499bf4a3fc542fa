/**
 * What a visitor can do, by name. Views send these; they never reach for the engine.
 *
 * @import { Engine } from "../engine/engine.js"
 * @import { Store } from "./store.js"
 * @typedef {ReturnType<typeof commandsOf>} Commands
 */
import { drawing } from "./commands/drawing.js";
import { looking } from "./commands/looking.js";
import { models } from "./commands/models.js";
import { playback } from "./commands/playback.js";
import { starting } from "./commands/starting.js";
import { travelling } from "./commands/travelling.js";
import { Whereabouts } from "./commands/whereabouts.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 */
export function commandsOf(store, engine) {
  const whereabouts = new Whereabouts(store);
  const playing = playback(store);
  const beginning = starting(store);
  return {
    ...playing,
    ...beginning,
    ...drawing(store, engine, playing, whereabouts),
    ...travelling(store, engine, playing, whereabouts),
    ...models(store, engine, playing, whereabouts, beginning),
    ...looking(store, playing),
  };
}
