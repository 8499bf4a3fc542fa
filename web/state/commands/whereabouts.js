/**
 * What the address says of the page, and which of it was answered last.
 *
 * @import { Settings } from "../../types"
 * @import { Store } from "../store.js"
 */
import { STAGE, writeBeside, writeLook, writeModel, writeRoom, writeSettings } from "../address.js";
import { GALLERY, writeGallery } from "../gallery.js";

export class Whereabouts {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** The address that was answered last, without its room and how a run is looked at. */
    this.answered = asked();
  }

  /** Write the settings as they stand, in place of what is there. @param {Settings} [beside] of a second run */
  say(beside) {
    const { settings, model, view } = this.store.state;
    const first = writeSettings(settings, model?.defaults);
    const both = first + (beside ? writeBeside(beside, settings) : "");
    history.replaceState(null, "", writeRoom(both, view.room));
    this.answered = asked();
    this.look();
  }

  /** Write how the run on show is looked at, in place of what is there. */
  look() {
    const { lens, step, word, part } = this.store.state.view;
    const hash = writeLook(location.hash, {
      lens: lens === "attention" && word === null ? undefined : lens,
      step: step ?? undefined,
      word: word === null ? undefined : word + 1,
      part: part ?? undefined,
    });
    if (hash !== location.hash) history.replaceState(null, "", location.pathname + location.search + hash);
  }

  /** Write what the gallery shows, in place of what is there. */
  gallery() {
    const { settings, model, gallery } = this.store.state;
    const said = writeRoom(writeSettings(settings, model?.defaults), GALLERY);
    history.replaceState(null, "", said + writeGallery(gallery));
    this.answered = asked();
  }

  /** Go on to an address of another model. @param {string | null} model null for the page's own @param {Partial<Settings>} settings */
  model(model, settings) {
    const { href } = Object.assign(new URL(location.href), {
      search: writeModel(location.search, model),
      hash: writeRoom(writeSettings(settings), this.store.state.view.room),
    });
    if (href !== location.href) history.pushState(null, "", href);
    this.answered = asked();
  }

  /** Go on to a room. @param {string} room */
  room(room) {
    history.pushState(null, "", withRoom(room));
  }

  /** Be in a room, as if the address had said so. @param {string} room */
  mend(room) {
    history.replaceState(null, "", withRoom(room));
  }

  /** @returns {boolean} whether the address asks for something else than when this was asked, or an address written */
  moved() {
    const before = this.answered;
    this.answered = asked();
    return this.answered !== before;
  }
}

function asked() {
  return location.search + writeLook(writeRoom(location.hash, STAGE), {});
}

/** @param {string} room @returns {string} this address with that room */
function withRoom(room) {
  return location.pathname + location.search + writeRoom(location.hash, room);
}
