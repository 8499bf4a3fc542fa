/**
 * Which run is looked at, and what of it stands open.
 *
 * @import { Entry } from "../../runs/recordings.js"
 * @import { View } from "../../types"
 * @import { Store } from "../store.js"
 * @import { playback } from "./playback.js"
 */
import { listRecordings, playRecording } from "../../runs/recordings.js";
import { shownRun, shownSettings } from "../selectors.js";

/** @param {Store} store @param {ReturnType<typeof playback>} playing */
export function looking(store, playing) {
  /** @type {ReturnType<typeof listRecordings> | null} */
  let recorded = null;

  return {
    /** The runs that were recorded beforehand. */
    recordings() {
      recorded ??= listRecordings().catch(() => []);
      return recorded;
    },

    /** Watch a recorded run. @param {Entry} recording */
    watch(recording) {
      playing.hold();
      store.set({ view: { step: null, part: null } });
      playRecording(store, recording).catch((error) => console.warn("No recording:", error));
    },

    /** Open a part, or close it. @param {View["part"]} part */
    open(part) {
      store.set({ view: { part } });
    },

    theme() {
      const dark = document.documentElement.dataset.theme === "dark";
      store.set({ view: { theme: dark ? "light" : "dark" } });
    },

    /** Save the finished picture as a PNG. */
    save() {
      const image = shownRun(store.state).picture;
      if (!image) return;
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height;
      canvas.getContext("2d")?.putImageData(image, 0, 0);
      const { prompt, seed } = shownSettings(store.state);
      const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["picture"];
      canvas.toBlob((blob) => {
        if (!blob) return;
        const link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = `${words.slice(0, 9).join("-")}-${seed}.png`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      });
    },
  };
}
