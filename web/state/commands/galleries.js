/**
 * A gallery is drawn, steered, and its pictures are taken to other places.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Varied } from "../../types"
 * @import { Store } from "../store.js"
 * @import { drawing } from "./drawing.js"
 * @import { travelling } from "./travelling.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { STAGE } from "../address.js";
import { NINE } from "../gallery.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {Pick<ReturnType<typeof drawing>, "generate">} draws
 * @param {Pick<ReturnType<typeof travelling>, "enter">} travels
 * @param {Whereabouts} whereabouts
 */
export function galleries(store, { gallery }, draws, travels, whereabouts) {
  const commands = {
    /** Draw a gallery with the settings as they stand. @param {Varied} vary @param {(string | number)[]} [values] */
    drawGallery(vary, values) {
      gallery.draw({ vary, values }).catch(() => {}); // the store tells of its failure
      whereabouts.gallery();
    },

    /** Draw nine seeds by chance. */
    throwSeeds() {
      commands.drawGallery("seed", [...crypto.getRandomValues(new Uint16Array(NINE))]);
    },

    /** Be at the gallery that the address names: draw it, unless it is there. */
    visitGallery() {
      gallery.visit();
      whereabouts.gallery();
    },

    /** Draw what is missing. */
    goOnGallery() {
      gallery.goOn().catch(() => {});
    },

    pauseGallery() {
      gallery.pause();
    },

    resumeGallery() {
      gallery.resume();
    },

    cancelGallery() {
      gallery.cancel();
    },

    /** Draw a picture of the gallery again, on the stage. @param {string | number} value of what varies */
    stagePicture(value) {
      const { vary, settings } = store.state.gallery;
      // Its pictures began in noise.
      store.set({ settings: { ...settings, [vary]: value }, start: { on: false } });
      travels.enter(STAGE);
      draws.generate();
    },
  };
  return commands;
}
