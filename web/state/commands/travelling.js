/**
 * The way from room to room, and to other addresses of this page.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 * @import { remembering } from "./remembering.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { readOptions, readRoom, STAGE } from "../address.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {ReturnType<typeof playback>} playing
 * @param {Whereabouts} whereabouts
 * @param {ReturnType<typeof remembering>} looks
 */
export function travelling(store, engine, playing, whereabouts, looks) {
  /** @param {string} room */
  const go = (room) => {
    playing.hold();
    store.set({ view: { room, lost: null } });
  };

  return {
    /** Go to a room; "stage" leads back. @param {string} room */
    enter(room) {
      if (room === store.state.view.room) return;
      go(room);
      whereabouts.room(room);
    },

    /** Be at the stage in place of a room that is not there, or failed. @param {string} room @param {"unknown" | "failed"} why */
    miss(room, why) {
      store.set({ view: { room: STAGE, lost: { room, why } } });
      whereabouts.mend(STAGE);
    },

    /** Back, forward or by hand to an address that names another room, model, picture, or look at it. */
    travel() {
      const room = readRoom(location.hash);
      const moved = whereabouts.moved();
      looks.recall();
      if (store.state.view.lost) store.set({ view: { lost: null } });
      if (room !== store.state.view.room) {
        go(room);
      }
      if (!moved) return; // that alone is no reason to draw anew
      const { list, chosen } = store.state.models;
      const name = readOptions(location.search).model ?? list[0]?.name;
      if (list.length && name !== chosen) engine.use(name, { asked: false });
      else engine.visit();
    },
  };
}
