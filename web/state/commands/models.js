/**
 * Another model is used, opened from a folder, or taken off this device.
 *
 * @import { Engine } from "../../engine/engine.js"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 * @import { starting } from "./starting.js"
 * @import { Whereabouts } from "./whereabouts.js"
 */
import { chooseFolder, droppedFolder, readFolder } from "../../device/folder.js";
import { keepForGood, removeKept } from "../../device/kept.js";
import { pictureIn } from "../../device/picture.js";
import { EngineError } from "../../engine/trouble.js";

/**
 * @param {Store} store
 * @param {Engine} engine
 * @param {ReturnType<typeof playback>} playing
 * @param {Whereabouts} whereabouts
 * @param {ReturnType<typeof starting>} beginning
 */
export function models(store, engine, playing, whereabouts, beginning) {
  /** @param {unknown} error */
  const refuse = (error) =>
    store.set({ models: { trouble: error instanceof Error ? error.message : String(error) } });

  /** @param {Promise<Record<string, File> | null>} choosing */
  const open = async (choosing) => {
    try {
      const files = await choosing;
      if (!files) return;
      const entry = await readFolder(files);
      const others = store.state.models.list.filter(({ name }) => name !== entry.name);
      store.set({ models: { list: [...others, entry], chosen: "", trouble: "" } });
      commands.use(entry.name);
    } catch (error) {
      refuse(error);
    }
  };

  const commands = {
    /** Start the engine after a failure, or fetch the large model that it has asked about. */
    restart() {
      engine.start({ asked: true });
    },

    /** Look anew what this device can do and which models it keeps. */
    survey() {
      engine.survey();
    },

    /** Use another model; one that is not on this device is fetched. @param {string} name */
    use(name) {
      const { list, chosen } = store.state.models;
      const entry = list.find((one) => one.name === name);
      if (!entry) return;
      // A large model should still be there next time.
      if (entry.bytes > list[0].bytes && !entry.opened) keepForGood();
      if (name === chosen) {
        if (store.state.engine.status === "asking") commands.restart();
        return;
      }
      playing.hold();
      // A folder on the visitor's disk has no address; of the settings stay those that are no model's own.
      const { prompt, negative, seed } = store.state.settings;
      if (!entry.opened) whereabouts.model(entry === list[0] ? null : name, { prompt, negative, seed });
      engine.use(name);
    },

    /** Take a model off this device. @param {string} name */
    async remove(name) {
      await removeKept(name).catch(refuse);
      engine.survey();
    },

    /** Let the visitor choose a model's folder on their disk, and use it. */
    async openFolder() {
      await open(chooseFolder());
    },

    /** Use a model's folder, or begin at a picture. @param {DataTransfer} dropped on the page */
    async drop(dropped) {
      const files = droppedFolder(dropped);
      const picture = files ? undefined : pictureIn(dropped);
      if (picture) return beginning.beginAtFile(picture);
      const none = new EngineError({ code: "missing-file", reason: "folder-none" });
      await open(files ?? Promise.reject(none));
    },
  };
  return commands;
}
