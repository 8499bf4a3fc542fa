/**
 * What a word causes: pictures from the noise of the run on show in which something was done to a word, as they clear up.
 *
 * @import { Activities } from "../engine/activities.js"
 * @import { Commands } from "../engine/worker.js"
 * @import { Store } from "../state/store.js"
 * @import { CausesState, Manifest, Run, Trial, TrialPicture, Wishes } from "../types"
 * @typedef {Exclude<keyof CausesState, "live">} Kind
 */
import { troubleOf } from "../engine/trouble.js";
import { busy, shownRun } from "../state/selectors.js";
import { heard, placeOf } from "./drawing.js";

/** What is drawn of each kind, in this order. */
const PICTURES = {
  word: ["original", "alone", "cut", "unheard", "off", "deleted"],
  all: ["original", "words", "padding"],
  gain: ["original", "gain"],
};
/** @type {TrialPicture} */
const NOT_YET = { picture: null, gains: {}, slots: {}, change: null };

export class Causes {
  #store;
  #activities;
  #count = 0;
  /** @type {Partial<Record<Kind, string>>} the activity of each kind that has not ended */
  #asked = {};

  /** @param {Store} store @param {Activities} activities */
  constructor(store, activities) {
    this.#store = store;
    this.#activities = activities;
    // Who asks for a picture does not wait for these.
    store.subscribe(
      (state) => [busy(state), shownRun(state).id],
      (state) => busy(state) && this.cancel(),
    );
  }

  /**
   * Draw what belongs to one kind from the noise of the run on show; an earlier one of this kind is cancelled.
   *
   * @param {Kind} kind
   * @param {string | null} word
   * @param {{ gain?: number, place?: Uint8Array, quick?: boolean }} [wishes] of the activity
   */
  async draw(kind, word, wishes = {}) {
    this.cancel(kind);
    const run = shownRun(this.#store.state);
    if (!run.settings || busy(this.#store.state)) return;
    const id = `causes-${kind}-${++this.#count}`;
    this.#asked[kind] = id;
    const there = pictureOf(run);
    this.#set(kind, {
      runs: [run.id],
      settings: run.settings,
      word,
      status: "waiting",
      pictures: Object.fromEntries(PICTURES[kind].map((way) => [way, NOT_YET])),
      verdict: "",
      error: null,
    });
    if (there) this.#picture(kind, "original", { ...NOT_YET, picture: there, ...touched(run) });
    const asked = {
      ...run.settings,
      ...wishes,
      ...(word === null ? null : { word }),
      ...(there ? { picture: there.data } : null),
      ...beginningOf(run),
    };
    const ears = {
      id,
      onBegin: () => this.#set(kind, { status: "drawing" }),
      onItem: (/** @type {any} */ item) => this.#take(kind, item),
    };
    try {
      const { verdict = "" } = await this.#activities.run("causes", asked, ears);
      this.#end(kind, id, { status: "finished", verdict });
    } catch (error) {
      const ended = /** @type {Error} */ (error).name === "AbortError";
      this.#end(kind, id, ended ? { status: "cancelled" } : { status: "failed", error: troubleOf(error) });
    }
  }

  /**
   * Do the activity for who asks for it by name; what is left out is as the page's fields say.
   *
   * @param {Wishes & Record<string, unknown>} wishes
   * @param {(item: any) => void} [onItem]
   * @returns {Promise<any>} its last item
   */
  run({ start, from, ...wishes }, onItem) {
    const asked = async (/** @type {Commands} */ python) => {
      const settings = { ...this.#store.state.settings, ...wishes, ...placeOf(start, from) };
      return "gains" in wishes ? settings : { ...settings, gains: await heard(python, settings) };
    };
    return this.#activities.run("causes", asked, { onItem });
  }

  /** End what goes on of one kind, or of all. @param {Kind} [kind] */
  cancel(kind) {
    const kinds = /** @type {Kind[]} */ (kind ? [kind] : Object.keys(PICTURES));
    for (const each of kinds) if (this.#asked[each]) this.#activities.cancel(this.#asked[each]);
  }

  /** @param {Kind} kind @param {any} item of the activity */
  #take(kind, { way, picture, gains, slots, change = null }) {
    const { height, width } = /** @type {Manifest} */ (this.#store.state.model).picture;
    const before = this.#store.state.causes[kind]?.pictures[way]?.picture ?? null;
    const drawn = picture.length ? new ImageData(new Uint8ClampedArray(picture), width, height) : before;
    this.#picture(kind, way, { picture: drawn, gains, slots, change });
  }

  /** @param {Kind} kind @param {string} way @param {TrialPicture} picture */
  #picture(kind, way, picture) {
    this.#set(kind, { pictures: { ...this.#store.state.causes[kind]?.pictures, [way]: picture } });
  }

  /** @param {Kind} kind @param {string} id @param {Partial<Trial>} fields */
  #end(kind, id, fields) {
    if (this.#asked[kind] !== id) return; // a newer one has taken its place
    delete this.#asked[kind];
    this.#set(kind, fields);
  }

  /** @param {Kind} kind @param {Partial<Trial>} fields */
  #set(kind, fields) {
    const trial = /** @type {Trial} */ ({ ...this.#store.state.causes[kind], ...fields });
    this.#store.set({ causes: { [kind]: trial } });
  }
}

/** The finished picture of a run, where it is what the model here would draw again. @param {Run} run */
function pictureOf(run) {
  return run.source === "live" && run.status === "finished" ? run.picture : null;
}

/** Where it began, for Python. @param {Run} run */
function beginningOf({ id, resumable, start, from }) {
  return resumable ? placeOf(null, { run: id, step: from?.step ?? 0 }) : placeOf(start, undefined);
}

/** @param {Run} run */
function touched({ settings }) {
  return { gains: settings?.gains ?? {}, slots: settings?.slots ?? {} };
}
