/**
 * What a visitor can do, by name. Views send these; they never reach for the engine.
 *
 * @import { Engine } from "../engine/engine.js"
 * @import { Store } from "./store.js"
 * @typedef {ReturnType<typeof commandsOf>} Commands
 */
import { causes } from "./commands/causes.js";
import { comparing } from "./commands/comparing.js";
import { drawing } from "./commands/drawing.js";
import { galleries } from "./commands/galleries.js";
import { hand } from "./commands/hand.js";
import { lenses } from "./commands/lenses.js";
import { looking } from "./commands/looking.js";
import { models } from "./commands/models.js";
import { playback } from "./commands/playback.js";
import { remembering } from "./commands/remembering.js";
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
  const seeing = lenses(store);
  const looks = remembering(store, whereabouts, seeing);
  const draws = drawing(store, engine, playing, whereabouts, looks);
  const travels = travelling(store, engine, playing, whereabouts, looks);
  const begins = starting(store);
  return {
    ...playing,
    ...seeing,
    ...draws,
    ...begins,
    ...travels,
    ...comparing(store, engine, playing, travels, whereabouts),
    ...galleries(store, engine, draws, travels, whereabouts),
    ...models(store, engine, playing, whereabouts, begins),
    ...hand(store, engine, playing),
    ...looking(store, playing),
    ...causes(store, engine, playing, whereabouts),
  };
}
