/**
 * A gallery: one prompt several times, with one setting that varies, drawn in the background. It gives way to whatever else is
 * asked for, and goes on after it with what is not finished.
 *
 * @import { Commands } from "../engine/worker.js"
 * @import { Store } from "../state/store.js"
 * @import { Gallery as State, Manifest, Shown, Tile, Varied, Wishes } from "../types"
 */
import { Activities, GaveWay } from "../engine/activities.js";
import { Deferred } from "../engine/promises.js";
import { EngineError, troubleOf } from "../engine/trouble.js";
import { within } from "../state/bounds.js";
import { NO_GALLERY, readGallery, shows, usualValues, varied } from "../state/gallery.js";
import { stepsToTake } from "../state/steps.js";
import { heard } from "./drawing.js";

const REMEMBERED = 6; // measures of finished galleries

/** Draws galleries, one at a time. One a page. */
export class Gallery {
  #count = 0;
  /** The activity of the one that goes. */
  #id = "";
  /** Settles when it is resumed, where it was paused and then gave way. */
  #resumed = new Deferred();

  /** @param {Store} store @param {Activities} [activities] of which these are some */
  constructor(store, activities = new Activities()) {
    this.store = store;
    this.activities = activities;
  }

  /**
   * Draw a gallery with the given settings over those of the store, in place of the one that is there.
   *
   * @param {Wishes & { vary?: Varied, values?: (string | number)[] }} [wishes]
   * @param {(item: Shown) => void} [onItem]
   * @returns {Promise<Shown>} its last item; rejects with an AbortError after `cancel()`, with an Error that says what went
   *   wrong
   */
  async draw({ vary = "seed", values, ...wishes } = {}, onItem) {
    const { settings: known, refused } = within(wishes);
    if (refused) throw new EngineError({ code: "settings", ...refused });
    this.cancel();
    const settings = { ...this.store.state.settings, ...known };
    const tiles = (values ?? usualValues(vary, settings)).map((value) => ({
      value,
      step: 0,
      steps: stepsToTake({ ...settings, [vary]: value }),
      picture: null,
      latent: null,
      refused: null,
    }));
    this.#set({ vary, settings, tiles, apart: null });
    return this.#go(onItem);
  }

  /** Draw what the address names, unless it is there. */
  visit() {
    const { settings, gallery, model } = this.store.state;
    const asked = readGallery(location.hash);
    const vary = varied(model).includes(asked.vary) ? asked : { vary: /** @type {const} */ ("seed") };
    if (!shows(gallery, settings, vary)) this.draw(vary).catch(() => {});
  }

  /** Draw what is missing of one that was cancelled, or failed. */
  goOn() {
    return this.#go();
  }

  /** Whether Python works on it. */
  get drawing() {
    return ["drawing", "paused"].includes(this.#state.status);
  }

  /** Stop before the next step. */
  pause() {
    this.#hold("pause");
  }

  /** Do one step and pause again. */
  step() {
    this.#hold("step");
  }

  resume() {
    if (this.#state.status !== "paused") return;
    this.#set({ status: "drawing" });
    this.#resumed.resolve();
    this.activities.resume(this.#id);
  }

  /** End it within one step; what is finished stays. */
  cancel() {
    if (!this.#id) return;
    const id = this.#id;
    this.#id = "";
    this.#set({ status: "cancelled" });
    this.#resumed.resolve();
    this.activities.cancel(id);
  }

  /** Forget it: another model does not draw the same. */
  clear() {
    this.cancel();
    this.store.set({ gallery: NO_GALLERY });
  }

  /** @param {"pause" | "step"} command */
  #hold(command) {
    if (!this.drawing) return;
    if (this.#state.status === "drawing") this.#resumed = new Deferred();
    this.#set({ status: "paused" });
    this.activities[command](this.#id);
  }

  get #state() {
    return this.store.state.gallery;
  }

  /** @param {(item: Shown) => void} [onItem] */
  async #go(onItem) {
    const id = `gallery-${++this.#count}`;
    this.#id = id;
    this.#set({ status: "waiting", error: null });
    try {
      const last = await this.#turns(id, onItem);
      this.#end();
      return last;
    } catch (error) {
      if (this.#id === id) {
        const ended = /** @type {Error} */ (error).name === "AbortError";
        this.#set(ended ? { status: "cancelled" } : { status: "failed", error: troubleOf(error) });
        this.#id = "";
      }
      throw error;
    }
  }

  /** Begin anew as often as it gave way. @param {string} id @param {((item: Shown) => void)} [onItem] */
  async #turns(id, onItem) {
    for (;;) {
      try {
        return await this.activities.run("gallery", (python) => this.#wishes(python), {
          id,
          givesWay: true,
          onBegin: () => this.#set({ status: "drawing" }),
          onItem: (item) => {
            this.#take(item);
            onItem?.(item);
          },
        });
      } catch (error) {
        if (!(error instanceof GaveWay)) throw error;
        if (this.#state.status === "paused") await this.#resumed.promise;
        if (this.#id !== id) throw new DOMException("The gallery was cancelled.", "AbortError");
        this.#set({ status: "waiting" });
      }
    }
  }

  /** @param {Commands} python @returns {Promise<object>} what Python takes for what is missing */
  async #wishes(python) {
    const { vary, settings, tiles } = this.#state;
    const gains = settings && (await heard(python, settings));
    return {
      vary,
      settings: { ...settings, gains },
      values: tiles.filter(missing).map(({ value }) => value),
      latents: tiles.flatMap(({ latent }) => latent ?? []),
    };
  }

  /** @param {Shown} item as the worker sends it */
  #take({ value, glimpse, apart, reason = "", values }) {
    const { height, width } = /** @type {Manifest} */ (this.store.state.model).picture;
    const change = glimpse
      ? {
          step: glimpse.step,
          steps: glimpse.steps,
          picture: new ImageData(new Uint8ClampedArray(glimpse.picture), width, height),
          latent: glimpse.latent ?? null,
        }
      : { refused: { reason, values } };
    const tiles = this.#state.tiles.map((tile) => (tile.value === value ? { ...tile, ...change } : tile));
    this.store.setLater({ gallery: { tiles, apart: apart ?? this.#state.apart } });
  }

  #end() {
    const { settings, vary, tiles, apart, measured } = this.#state;
    const count = tiles.filter(({ latent }) => latent).length;
    const measure = apart === null ? [] : [{ prompt: settings?.prompt ?? "", vary, count, apart }];
    this.#id = "";
    this.#set({ status: "finished", measured: [...measured, ...measure].slice(-REMEMBERED) });
  }

  /** @param {Partial<State>} fields */
  #set(fields) {
    this.store.set({ gallery: fields });
  }
}

/** @param {Tile} tile @returns {boolean} whether it is still to be drawn */
function missing({ latent, refused }) {
  return !latent && !refused;
}
