/**
 * The rooms beside the stage. A room's code and style are loaded when it is first entered; its `name` stands in the address
 * (`room=lab/telephone`), `style` is as for views, and its module has the same `mount(element, tools, signal)`.
 *
 * @import { Mount } from "../views/mounting.js"
 * @typedef {{ name: string, style?: string[], load: () => Promise<{ mount: Mount }> }} Room
 */

import { COMPARE } from "../state/address.js";
import { GALLERY } from "../state/gallery.js";

/** @type {Room[]} */
export const ROOMS = [
  { name: COMPARE, style: ["rooms/compare/compare.css"], load: () => import("./compare/compare.js") },
  { name: GALLERY, style: ["rooms/gallery/gallery.css"], load: () => import("./gallery/gallery.js") },
];
