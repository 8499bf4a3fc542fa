/**
 * What a visitor can do, by name. Views send these; they never reach for the engine.
 *
 * @import { Engine } from "../engine/engine.js"
 * @import { Store } from "./store.js"
 * @typedef {ReturnType<typeof commandsOf>} Commands
 */
import { comparing } from "./commands/comparing.js";
import { drawing } from "./commands/drawing.js";
import { looking } from "./commands/looking.js";
import { models } from "./commands/models.js";
import { playback } from "./commands/playback.js";
import { travelling } from "./commands/travelling.js";
import { Whereabouts } from "./commands/whereabouts.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 */
export function commandsOf(store, engine) {
  const whereabouts = new Whereabouts(store);
  const playing = playback(store);
  const travels = travelling(store, engine, playing, whereabouts);
  return {
    ...playing,
    ...drawing(store, engine, playing, whereabouts),
    ...travels,
    ...comparing(store, engine, playing, travels, whereabouts),
    ...models(store, engine, playing, whereabouts),
    ...looking(store, playing),
  };
}
