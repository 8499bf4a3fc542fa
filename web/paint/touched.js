/**
 * A latent in the hand: what a tool makes of it from where it is put down to where it is lifted, and the way back.
 *
 * @import { Cell, Shape } from "./touch.js"
 */
import { filled, moved, way } from "./touch.js";

/** Paint fills cells with a colour, erase with noise; copy and shift take a patch up and put it down elsewhere. */
export const TOOLS = /** @type {const} */ (["paint", "erase", "copy", "shift"]);
const UNDONE = 30; // touches that can be undone

export class Touched {
  /** @type {typeof TOOLS[number]} */
  tool = "paint";
  /** Cells along a side of the patch. */
  size = 2;
  /** What paint fills with, a number a channel. @type {number[]} */
  colour = [];
  /** Whether a patch is taken up. */
  holds = false;
  #from;
  #onto;

  /**
   * @param {Float32Array[]} latents [C, h, w] each: the run's own, then what each touch made of it
   * @param {Shape} shape
   * @param {() => number} noise a number of the noise that erase fills with, and shift leaves behind
   */
  constructor(latents, shape, noise) {
    this.latents = latents;
    this.shape = shape;
    this.noise = noise;
    /** With a touch that has not ended. */
    this.now = this.#last;
    /** The middle of the patch. @type {Cell} */
    this.cursor = { x: Math.floor(shape.width / 2), y: Math.floor(shape.height / 2) };
    this.#from = this.cursor;
    this.#onto = this.now;
  }

  get #last() {
    return this.latents[this.latents.length - 1];
  }

  get untouched() {
    return this.latents.length === 1;
  }

  /** Put the tool down. @param {Cell} [cell] else where the cursor is */
  begin(cell = this.cursor) {
    this.drop();
    this.cursor = cell;
    if (this.tool === "paint" || this.tool === "erase") return this.move(cell);
    this.holds = true;
    this.#from = cell;
    this.#onto = this.tool === "copy" ? this.now : filled(this.now, this.shape, cell, this.size, this.noise);
  }

  /** Go on with it to a cell. @param {Cell} to */
  move(to) {
    const { shape, size, colour, noise } = this;
    if (this.holds) {
      this.now = moved(this.#last, shape, { from: this.#from, to, size }, this.#onto);
    } else {
      const value = this.tool === "paint" ? (/** @type {number} */ channel) => colour[channel] : noise;
      for (const cell of way(this.cursor, to)) this.now = filled(this.now, shape, cell, size, value);
    }
    this.cursor = to;
  }

  /** Lift it: this touch is done. */
  end() {
    if (this.now !== this.#last) this.latents = [...this.latents, this.now];
    if (this.latents.length > UNDONE) this.latents = [this.latents[0], ...this.latents.slice(1 - UNDONE)];
    this.holds = false;
  }

  /** Leave the latent as it was before this touch. */
  drop() {
    this.now = this.#last;
    this.holds = false;
  }

  undo() {
    if (!this.untouched) this.latents = this.latents.slice(0, -1);
    this.drop();
  }

  /** Back to the run's own. */
  reset() {
    this.latents = this.latents.slice(0, 1);
    this.drop();
  }

  /**
   * @param {Float32Array} own the run's latent in its own size
   * @param {number} scale of these latents to that size
   * @returns {Float32Array} in that size; what nobody touched is the run's own to the bit
   */
  inItsOwnSize(own, scale) {
    const [first] = this.latents;
    return this.#last.map((value, k) => (value === first[k] ? own[k] : value / scale));
  }
}
